/**
 * A source brings records into topics from somewhere that is not Kafka, in the same process as an app's agents.
 *
 * The runtime calls `run` once the worker is ready, and again after each failure, with a back-off that grows from 0.5 to 30
 * seconds and starts anew after a minute of work. `run` goes on until `context.signal` is aborted, which happens when the worker
 * drains; it then stops reading, waits for what it has sent, and resolves. It has the drain's time for that; later the worker goes
 * on without it. Any rejection means "not now": it never ends the worker, it is shown as the source's state.
 *
 * A source keeps its place itself, where it reads. It may move on past a record only after that record's `send` has resolved.
 */
import type { TopicSpec } from '../kafka/index.ts';

export interface SourceRecord {
  readonly topic: string;
  /** Chooses the partition as Kafka's Java client does; null spreads in runs. */
  readonly key: Buffer | null;
  /** Null is a tombstone. */
  readonly value: Buffer | null;
  /** Text is written as UTF-8. */
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]> | undefined;
}

/** Where a source stands, in a word and a sentence. */
export type SourcePhase = 'starting' | 'waiting' | 'snapshot' | 'streaming' | 'failing' | 'stopped';

export interface SourceState {
  readonly phase: SourcePhase;
  /** What it is doing, or why it does not, and what to do about it. */
  readonly detail: string;
}

export interface SourceContext {
  /**
   * Sends a record; records of one partition keep the order of these calls. Resolves when the broker has acknowledged it; an
   * unreachable broker is waited for. Rejects when the record is refused for good: the source must not go on past it.
   */
  send(record: SourceRecord): Promise<void>;
  /** Aborted when the source is to stop. */
  readonly signal: AbortSignal;
  /** Tells where the source stands. Cheap; called at every change, not for every record. */
  state(phase: 'waiting' | 'snapshot' | 'streaming', detail: string): void;
}

export interface Source {
  /** What kind of source it is, as `postgres`. */
  readonly kind: string;
  /** The topics it writes, as far as they are known before it runs: `topics create` makes them with the app's own. */
  readonly topics: readonly TopicSpec[];
  run(context: SourceContext): Promise<void>;
}
