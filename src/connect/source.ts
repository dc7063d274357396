/**
 * A source brings records into topics from somewhere that is not Kafka, in the same process as an app's agents.
 *
 * The runtime calls `run` once the worker is ready, and again after each failure. The pause before the next run grows from 0.5 to
 * 30 seconds and starts over after a minute of work. `run` goes on until `context.signal` is aborted, which happens when the worker
 * drains. It then stops reading, waits for the records that it has sent, and resolves. It has the drain's time for that; after it
 * the worker goes on without the source. A rejection never ends the worker: it is shown as the source's state.
 *
 * A source keeps its position itself, where it reads. It may move past a record only after that record's `send` has resolved.
 */
import type { TopicSpec } from '../kafka/index.ts';

export interface SourceRecord {
  readonly topic: string;
  /** Chooses the partition as Kafka's Java client does. Records with a null key go to one partition after the other, in runs. */
  readonly key: Buffer | null;
  /** Null is a tombstone. */
  readonly value: Buffer | null;
  /** Text is written as UTF-8. */
  readonly headers?: ReadonlyArray<readonly [name: string, value: string | Uint8Array]> | undefined;
}

/** What a source is doing. */
export type SourcePhase = 'starting' | 'waiting' | 'snapshot' | 'streaming' | 'failing' | 'stopped';

export interface SourceState {
  readonly phase: SourcePhase;
  /** One sentence: what it is doing, or why it is not, and what to do about it. */
  readonly detail: string;
}

/** A record that a source has written, as it stands in its topic. */
export interface WrittenRecord {
  readonly topic: string;
  readonly key: Buffer | null;
  /** Null is a tombstone. */
  readonly value: Buffer | null;
}

export interface SourceContext {
  /**
   * Sends a record; records of one partition keep the order of these calls. Resolves when the broker has acknowledged it; an
   * unreachable broker is waited for. Rejects when the record is refused for good: the source must not move past it.
   */
  send(record: SourceRecord): Promise<void>;
  /** Aborted when the source is to stop. */
  readonly signal: AbortSignal;
  /** Reports what the source is doing. Cheap; called at every change, not for every record. */
  state(phase: 'waiting' | 'snapshot' | 'streaming', detail: string): void;
  /**
   * Reads topics from their beginning to where they end at the time of the call. Records of one partition come in order. A topic
   * that does not exist has no records. Absent where the host cannot read topics.
   */
  written?(topics: readonly string[]): AsyncIterable<WrittenRecord>;
}

export interface Source {
  /** The kind of source, as `postgres`. */
  readonly kind: string;
  /** The topics that it writes, as far as they are known before it runs: `topics create` makes them with the app's own. */
  readonly topics: readonly TopicSpec[];
  run(context: SourceContext): Promise<void>;
}
