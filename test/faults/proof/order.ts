import { name } from './counts.ts';
import { type InputEvent, keyOf, type Output, type OutputTopic, type Violation } from './evidence.ts';
import type { Ledger } from './ledger.ts';

/**
 * The order of each key or partition, as DESIGN.md defines it: a later event never starts before an earlier one is finished or
 * dead-lettered; repeats after a crash start again from an earlier event, in order.
 */
export function* checkOrder(ledger: Ledger): Generator<Violation> {
  for (const output of ledger.evidence.outputTopics) {
    for (const [sequence, events] of ledger.sequences(output.order)) {
      const published = events.filter(({ kind }) => kind === 'plain' || kind === 'flaky');
      const records = published.flatMap((event) => ledger.outputs(output.topic, event)).sort((a, b) => a.at.offset - b.at.offset);
      yield* firstOccurrences(published, records, sequence, output);
      yield* runs(ledger, records, sequence, output);
      yield* starts(ledger, published, sequence, output);
    }
  }
}

/** In the log, an event is preceded by all earlier ones of its key. */
function* firstOccurrences(
  events: readonly InputEvent[],
  records: readonly Output[],
  sequence: string,
  { topic }: OutputTopic,
): Generator<Violation> {
  const index = new Map(events.map((event, at) => [keyOf(event), at]));
  let next = 0;
  for (const { source, at, by } of records) {
    const position = index.get(keyOf(source)) ?? -1;
    if (position > next) {
      yield {
        rule: 'order',
        what: `${topic} ${keyOf(at)} (by ${by}): ${sequence}: input ${keyOf(source)} comes before ${name(events[next]!)}`,
      };
      return;
    }
    if (position === next) next++;
  }
}

/** A worker goes back in a key only after it has given up partitions. What a retried request wrote twice is one run. */
function* runs(ledger: Ledger, records: readonly Output[], sequence: string, { topic }: OutputTopic): Generator<Violation> {
  const last = new Map<string, { offset: number; descents: number; readonly seen: Set<string> }>();
  for (const { by, from, source, at } of records) {
    const state = last.get(by) ?? { offset: -1, descents: 0, seen: new Set<string>() };
    last.set(by, state);
    const run = `${keyOf(source)} ${from}`;
    if (state.seen.has(run)) continue;
    state.seen.add(run);
    if (source.offset <= state.offset) state.descents++;
    state.offset = source.offset;
    const most = ledger.evidence.revocations.get(by) ?? 0;
    if (state.descents > most) {
      const what = `${topic} ${keyOf(at)}: ${sequence}: ${by} goes back to ${keyOf(source)}, for the ${state.descents}. time with ${most} revocations`;
      yield { rule: 'order', what };
      return;
    }
  }
}

/** When a handler is called, a handler of the event before it in the key was through already. */
function* starts(ledger: Ledger, events: readonly InputEvent[], sequence: string, { topic }: OutputTopic): Generator<Violation> {
  for (const [index, event] of events.entries()) {
    const before = events[index - 1];
    if (before === undefined) continue;
    const through = Math.min(...ledger.outputs(topic, before).map(({ to }) => to));
    const early = ledger.outputs(topic, event).find(({ from }) => from < through);
    if (early === undefined || through === Number.POSITIVE_INFINITY) continue;
    yield {
      rule: 'order',
      what: `${topic}: ${sequence}: ${early.by} began with ${name(event)} ${through - early.from} µs before ${name(before)} was through`,
    };
    return;
  }
}
