import type { Marker } from '../../wire/control-batch.ts';
import type { BatchHeader, RecordBatch } from '../../wire/record-batch.ts';
import type { CompactionRules } from './compaction.ts';

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

/** When a log goes on in a new file. */
export interface SegmentLimits {
  readonly segmentBytes: number;
  /** Milliseconds between the first and the newest record of a file. */
  readonly segmentMs: number;
}

/** Remembers the sequences of idempotent producers. A log reports to it the batches that it keeps. */
export interface ProducerMemory {
  /** A batch stands in the log. @param now milliseconds since 1970. @param marker when it ends a transaction */
  record(batch: BatchHeader, baseOffset: number, now: number, marker?: Marker): void;
  /** All that is remembered, as JSON values. */
  save(): readonly unknown[];
  /** Remembers what `save` gave instead of what it knew. */
  restore(saved: readonly unknown[], now: number): void;
  /** The log has lost its batches from `offset` on. */
  forgetFrom(offset: number): void;
}

/** Which log is to be opened. */
export interface LogRequest {
  readonly topic: string;
  readonly partition: number;
  /** What stands there from a deleted topic of the same name does not count. */
  readonly isNew: boolean;
  /** Asked at each use, as settings may change. */
  readonly limits: () => SegmentLimits;
  /** Learns what the log holds of producers while it is opened. */
  readonly producers: ProducerMemory;
}

/**
 * The record batches of one partition, in the order of their offsets.
 *
 * One partition owns a log and calls it from one thread, a call at a time. Batches come in checked; the log gives them
 * their place and keeps their bytes as they are. What `read` gives must not be changed by anybody until it is sent.
 * `flushed` says when an appended batch may be acknowledged; from then on it is visible to `read`, or at once where
 * there is nothing to wait for. A failure of the storage is a `Refusal` with KAFKA_STORAGE_ERROR, thrown or rejecting
 * `flushed`: then the log does not have the batch; the producer gets the error and sends it again.
 */
export interface PartitionLog {
  /** Offset of the first record that can be read. */
  readonly startOffset: number;
  /** Offset after the last record that can be read: the high watermark, as there are no replicas. */
  readonly endOffset: number;
  readonly sizeBytes: number;

  /** Writes base offset and leader epoch into the batch's header and keeps it. @returns the base offset */
  append(batch: RecordBatch, leaderEpoch: number): number;

  /** Settles when all that was appended is as durable as the storage promises; undefined when it is already. */
  flushed(): Promise<void> | undefined;

  /**
   * Whole batches, one or more to a buffer, from the one that holds `offset` on, at most `maxBytes` together; but always at least one batch when
   * `atLeastOne` is set and there is one; none that begins at `upTo` or beyond. Empty at the end of the log.
   */
  read(offset: number, maxBytes: number, atLeastOne: boolean, upTo?: number): readonly Buffer[] | Promise<readonly Buffer[]>;

  /** The first record at or after `timestamp`; to the batch, where a batch cannot be opened. */
  offsetForTime(timestamp: number): TimedOffset | undefined;

  /** The record with the greatest timestamp, the first of several. */
  latestByTime(): TimedOffset | undefined;

  /** Moves `startOffset` up to `offset`; of what lies before it, as much is dropped as the storage can. */
  deleteBefore(offset: number): void;

  /** Drops the oldest batches that `retention` no longer asks for. @param now milliseconds since 1970 */
  enforce(retention: Retention, now: number): void;

  /**
   * Removes records whose key has a newer one, and tombstones in time, from all but the newest part of the log. Offsets stay
   * as they are, so there are gaps. Resolves when it has finished; after a failure of the storage the next round does the rest.
   */
  compact(rules: CompactionRules): Promise<void>;

  /** Ends its use; what a storage keeps beyond it stays, as durable as can be. */
  close(): Promise<void>;

  /** Ends its use and drops all of it. */
  delete(): Promise<void>;
}
