import { StreamerError } from '../errors.ts';
import { durationMs, problemsIn, wholeNumber } from '../options/index.ts';
import type { Event } from '../topics/index.ts';
import type { Stream } from './stream.ts';

/** Where a generator's stream takes its events from. */
export interface EventSource<K, V> {
  one(): Promise<IteratorResult<Event<K, V>, undefined>>;
  /** Up to so many; empty at the end. */
  some(max: number, withinMs: number): Promise<Event<K, V>[]>;
}

const TAKE = { max: wholeNumber(1), withinMs: durationMs(0) };

/** What a generator reads: one event after the other, or batches. */
export class LaneStream<K, V> implements Stream<K, V> {
  readonly #source: EventSource<K, V>;

  constructor(source: EventSource<K, V>) {
    this.#source = source;
  }

  [Symbol.asyncIterator](): AsyncIterator<Event<K, V>> {
    return { next: () => this.#source.one() };
  }

  take(max: number, withinMs: number): AsyncIterable<Event<K, V>[]> {
    const [problem] = problemsIn({ max, withinMs }, TAKE);
    if (problem !== undefined) throw new StreamerError('USAGE', `take: ${problem}`);
    const next = async (): Promise<IteratorResult<Event<K, V>[], undefined>> => {
      const events = await this.#source.some(max, withinMs);
      return events.length === 0 ? { done: true, value: undefined } : { done: false, value: events };
    };
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }
}
