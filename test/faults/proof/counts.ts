import { type InputEvent, keyOf, type OutputTopic, type Violation } from './evidence.ts';
import type { Ledger } from './ledger.ts';

export const name = (event: InputEvent): string => `${event.id ?? 'an undecodable record'} (input ${keyOf(event)}, key ${event.key})`;

/** Every event in every output, or as a dead letter: once at least, and once exactly where nothing failed. */
export function* countResults(ledger: Ledger): Generator<Violation> {
  const { outputTopics, isUndisturbed } = ledger.evidence;
  for (const event of ledger.evidence.input) {
    for (const output of outputTopics) {
      const { topic, records } = ledger.results(event, output);
      const rule = event.kind === 'poison' || event.kind === 'undecodable' ? 'dead-letters' : 'lost';
      if (records.length === 0) yield { rule, what: `${name(event)} is not in ${topic} (agent ${output.agent})` };
      if (isUndisturbed && records.length > 1) yield { rule: 'doubled', what: `${name(event)} is ${records.length} times in ${topic}` };
    }
  }
}

/** What lies in the outputs comes from the input, and nothing is dead-lettered that should not be. */
export function* countForeign(ledger: Ledger): Generator<Violation> {
  const { outputs, letters, outputTopics } = ledger.evidence;
  for (const { topic, at, id, key, source } of outputs) {
    const event = ledger.events.get(keyOf(source));
    if (event === undefined || event.id !== id || event.key !== key)
      yield { rule: 'foreign', what: `${topic} ${keyOf(at)} says it was made of ${id} at ${keyOf(source)}, where ${event?.id} lies` };
    else if (event.kind === 'poison') yield { rule: 'foreign', what: `${topic} ${keyOf(at)} was made of ${name(event)}, which is poison` };
  }
  for (const { at, source, agent, cause } of letters) {
    const event = ledger.events.get(keyOf(source));
    if (event === undefined || !isExpected(event, agent, outputTopics))
      yield {
        rule: 'dead-letters',
        what: `the dead letter at ${keyOf(at)} is of ${event ? name(event) : keyOf(source)}, agent ${agent}: ${cause}`,
      };
  }
}

function isExpected({ kind }: InputEvent, agent: string | undefined, topics: readonly OutputTopic[]): boolean {
  if (kind === 'undecodable') return agent === undefined;
  return kind === 'poison' && topics.some((each) => each.agent === agent);
}

/** Outputs beyond one for each event and topic: repeats, which at-least-once allows when something fails. */
export function* repeats(ledger: Ledger): Generator<string> {
  for (const event of ledger.evidence.input) {
    for (const { topic } of ledger.evidence.outputTopics) {
      const [first, ...more] = ledger.outputs(topic, event);
      for (const again of more) yield `${name(event)} in ${topic}: by ${first?.by} from ${first?.from}, by ${again.by} from ${again.from}`;
    }
  }
}
