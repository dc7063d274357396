import type { Event } from '../topics/index.ts';

/**
 * What a generator agent reads. Asking for the next event finishes the one before it; a batch of `take` is finished by
 * the next pull.
 */
export interface Stream<K, V> extends AsyncIterable<Event<K, V>> {
  /**
   * Batches of up to `max` events, or of what has come `withinMs` after the first one. Within a lane, so in order.
   */
  take(max: number, withinMs: number): AsyncIterable<Event<K, V>[]>;
}

/** A generator that yields outputs, or an async function that yields none. Called once per lane. */
export type StreamFunction<K, V, Out> = (stream: Stream<K, V>) => AsyncIterable<Out> | Promise<void>;
