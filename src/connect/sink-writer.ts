import type { Event } from '../topics/index.ts';

/**
 * The outcome of an event that was handed to a writer: `written` (or rightly passed over), `refused` (this event alone is
 * to blame; the agent's policy decides), or `held` (not tried, because an earlier event of its key was refused).
 */
export type WriteOutcome =
  | { readonly state: 'written' }
  | { readonly state: 'held' }
  | { readonly state: 'refused'; readonly error: unknown };

/**
 * Keeps events outside of Kafka: a database, a file. An agent is given one with `sink(writer)`.
 *
 * `open` is called once per worker before the first record; an error ends the start. `write` is called with events of
 * one partition in the order of their offsets, one call at a time for a partition, several partitions at once. When it
 * resolves, written events are durable: their offsets may be committed. It throws when nothing was written for a reason that is
 * not an event's fault: the events are given back, the agent waits, visibly, and they come again, without end.
 * Events may come again after a crash: writing one twice must leave the same result.
 */
export interface SinkWriter<K, V> {
  /** For tables and logs, as `postgresUpsert`. */
  readonly name: string;
  open?(agent: string): Promise<void>;
  /** One outcome per event, by position. */
  write(events: ReadonlyArray<Event<K, V>>): Promise<readonly WriteOutcome[]>;
  close?(): Promise<void>;
  /** Since `open`, over all partitions of this worker; part of `worker.stats().agents[name].sink`. */
  counts?(): Readonly<Record<string, number>>;
}

export const WRITTEN: WriteOutcome = { state: 'written' };
export const HELD: WriteOutcome = { state: 'held' };
