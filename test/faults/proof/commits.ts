import { name } from './counts.ts';
import { type Commit, type Evidence, type InputEvent, keyOf, type Observation, type OutputTopic, type Violation } from './evidence.ts';
import { type Ledger, push } from './ledger.ts';

function isFinished({ offset, finished }: Commit, agent: string, at: number): boolean {
  return at < offset || (finished.get(agent) ?? []).some(([start, end]) => at >= start && at < end);
}

/** At every moment: what is committed, or said to be finished beyond the commit, has its results in the topics. */
export function* checkCommits(ledger: Ledger): Generator<Violation> {
  const { outputTopics, observations } = ledger.evidence;
  const partitions = byPartition(ledger.evidence);
  for (const output of outputTopics) {
    // What has been found in place once stays there: each event is looked at until then.
    const open = new Map([...partitions].map(([partition, events]) => [partition, new Set(events)]));
    for (const observation of observations) {
      for (const [partition, commit] of observation.commits) {
        for (const event of open.get(partition) ?? []) {
          if (!isFinished(commit, output.agent, event.offset)) continue;
          if (!isThere(ledger, event, output, observation)) {
            yield { rule: 'commit', what: tooEarly(event, commit, output) };
            return;
          }
          open.get(partition)?.delete(event);
        }
      }
    }
  }
}

function isThere(ledger: Ledger, event: InputEvent, output: OutputTopic, { ends }: Observation): boolean {
  const { topic, records } = ledger.results(event, output);
  return records.some(({ at }) => at.offset < (ends.get(topic)?.get(at.partition) ?? 0));
}

function tooEarly(event: InputEvent, { offset }: Commit, { agent, topic }: OutputTopic): string {
  const how = event.offset < offset ? `the commit was ${offset}` : `the commit ${offset} said that it was finished`;
  return `partition ${event.partition}: ${how} when the result of ${name(event)}, agent ${agent}, was not yet in ${topic}`;
}

/** Commits do not go back, nor beyond the log's end. */
export function* checkProgress({ observations, input, inputEnds }: Evidence): Generator<Violation> {
  const ends = new Map<number, number>();
  for (const { partition, offset } of input) ends.set(partition, Math.max(ends.get(partition) ?? 0, offset + 1));
  const last = new Map<number, number>();
  for (const { commits } of observations) {
    for (const [partition, { offset }] of commits) {
      const before = last.get(partition) ?? 0;
      if (offset < before) yield { rule: 'commit', what: `partition ${partition}: the commit went back from ${before} to ${offset}` };
      const end = inputEnds?.get(partition) ?? ends.get(partition) ?? 0;
      if (offset > end) yield { rule: 'commit', what: `partition ${partition}: the commit is ${offset}, the log ends at ${end}` };
      last.set(partition, offset);
    }
  }
}

/**
 * What was committed as finished is not begun again. A worker that does not know yet that its partitions are somebody
 * else's (suspended, or cut off) may do so.
 */
export function* checkRedone(ledger: Ledger): Generator<Violation> {
  const { outputTopics, observations, zombies } = ledger.evidence;
  const partitions = byPartition(ledger.evidence);
  for (const output of outputTopics) {
    const finishedAt = new Map<InputEvent, number>();
    const open = new Map([...partitions].map(([partition, events]) => [partition, new Set(events)]));
    for (const { commits, at } of observations) {
      for (const [partition, commit] of commits) {
        for (const event of open.get(partition) ?? []) {
          if (!isFinished(commit, output.agent, event.offset)) continue;
          finishedAt.set(event, at);
          open.get(partition)?.delete(event);
        }
      }
    }
    for (const [event, at] of finishedAt) {
      const again = ledger.outputs(output.topic, event).find(({ by, from }) => from > at && !zombies.has(by));
      if (again !== undefined)
        yield {
          rule: 'redone',
          what: `${output.topic} ${keyOf(again.at)}: ${again.by} began with ${name(event)} ${again.from - at} µs after its commit was seen`,
        };
    }
  }
}

function byPartition({ input }: Evidence): Map<number, InputEvent[]> {
  const partitions = new Map<number, InputEvent[]>();
  for (const event of input) push(partitions, event.partition, event);
  return partitions;
}
