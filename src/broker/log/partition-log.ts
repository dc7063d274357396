import type { RecordBatch } from '../protocol/record-batch.ts';

/** A record found by its time. */
export interface TimedOffset {
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/** How much of its past a log keeps; -1 means without limit. */
export interface Retention {
  readonly bytes: number;
  readonly ms: number;
}

/**
 * The record batches of one partition, in the order of their offsets.
 *
 * One partition owns a log and calls it from one thread, a call at a time. Batches come in checked; the log gives them
 * their place and keeps their bytes as they are. What `read` gives must not be changed by anybody until it is sent.
 * `append` makes a batch visible to `read` at once; `flushed` says when it may be acknowledged. A failure of the storage
 * is a `Refusal` with KAFKA_STORAGE_ERROR, thrown by `append` or rejecting `flushed`: the producer is told and tries again.
 */
export interface PartitionLog {
  /** Offset of the first record that can be read. */
  readonly startOffset: number;
  /** Offset of the next record to be written; the high watermark too, as there are no replicas. */
  readonly endOffset: number;
  readonly sizeBytes: number;

  /** Writes base offset and leader epoch into the batch's header and keeps it. @returns the base offset */
  append(batch: RecordBatch, leaderEpoch: number): number;

  /** Settles when all that was appended is as durable as the storage promises; undefined when it is already. */
  flushed(): Promise<void> | undefined;

  /**
   * Whole batches from the one that holds `offset` on, at most `maxBytes` together; but always at least one batch when
   * `atLeastOne` is set and there is one. Empty at the end of the log.
   */
  read(offset: number, maxBytes: number, atLeastOne: boolean): readonly Buffer[] | Promise<readonly Buffer[]>;

  /** The first record at or after `timestamp`; to the batch, where a batch cannot be opened. */
  offsetForTime(timestamp: number): TimedOffset | undefined;

  /** The record with the greatest timestamp, the first of several. */
  latestByTime(): TimedOffset | undefined;

  /** Moves `startOffset` up to `offset` and drops the batches that lie wholly before it. */
  deleteBefore(offset: number): void;

  /** Drops the oldest batches that `retention` no longer asks for. @param now milliseconds since 1970 */
  enforce(retention: Retention, now: number): void;

  close(): Promise<void>;
}
