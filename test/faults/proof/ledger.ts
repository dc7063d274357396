import { type Evidence, type InputEvent, keyOf, type Letter, type Output, type OutputTopic, type Place } from './evidence.ts';

/** The evidence, arranged by event. */
export class Ledger {
  readonly evidence: Evidence;
  readonly events: ReadonlyMap<string, InputEvent>;
  /** By output topic, by event: in the order of the log. */
  readonly #outputs = new Map<string, Map<string, Output[]>>();
  /** By event, then by agent ('' = did not decode). */
  readonly #letters = new Map<string, Letter[]>();

  constructor(evidence: Evidence) {
    this.evidence = evidence;
    this.events = new Map(evidence.input.map((event) => [keyOf(event), event]));
    for (const { topic } of evidence.outputTopics) this.#outputs.set(topic, new Map());
    for (const output of evidence.outputs)
      push(this.#outputs.get(output.topic) ?? new Map<string, Output[]>(), keyOf(output.source), output);
    for (const letter of evidence.letters) push(this.#letters, keyOf(letter.source), letter);
  }

  outputs(topic: string, event: Place): readonly Output[] {
    return this.#outputs.get(topic)?.get(keyOf(event)) ?? [];
  }

  /** @param agent undefined: those of records that did not decode */
  letters(event: Place, agent: string | undefined): readonly Letter[] {
    return (this.#letters.get(keyOf(event)) ?? []).filter((letter) => letter.agent === agent);
  }

  /** What must be there when an agent has finished an event: records, one of them at least, of a topic. */
  results(
    event: InputEvent,
    { topic, agent }: OutputTopic,
  ): { readonly topic: string; readonly records: ReadonlyArray<{ readonly at: Place }> } {
    const { letterTopic } = this.evidence;
    if (event.kind === 'undecodable') return { topic: letterTopic, records: this.letters(event, undefined) };
    if (event.kind === 'poison') return { topic: letterTopic, records: this.letters(event, agent) };
    return { topic, records: this.outputs(topic, event) };
  }

  /** What keeps its order, as the input has it: each key of each partition (those without key have none), or each partition. */
  sequences(order: OutputTopic['order']): Map<string, InputEvent[]> {
    const sequences = new Map<string, InputEvent[]>();
    if (order === 'none') return sequences;
    for (const event of [...this.evidence.input].sort((a, b) => a.offset - b.offset)) {
      if (order === 'partition') push(sequences, `partition ${event.partition}`, event);
      else if (event.key !== null) push(sequences, `key ${event.key} of partition ${event.partition}`, event);
    }
    return sequences;
  }
}

export function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
