import type { KafkaError } from '../errors.ts';
import type { Isolation, KafkaRecords, TopicPartition } from './record.ts';

export interface ReaderOptions {
  /** Which records are delivered; those of aborted transactions and control records never are with `committed`. @default 'committed' */
  readonly isolation?: Isolation;
  /** Long-poll wait of a fetch. @default 250 */
  readonly maxWaitMs?: number;
  /** Bytes of a partition that one fetch brings, at most, a larger batch apart. @default 1 MiB */
  readonly maxBytesPerPartition?: number;
  /** Gets each failure after which reading goes on by itself, with back-off. @default none */
  readonly onFailure?: (error: KafkaError) => void;
}

/** A stretch of a partition. The caller asks for the ends: `KafkaAdmin.watermarks` has them, for either isolation. */
export interface ReadRange extends TopicPartition {
  /** Offset of the first record; where the log starts above it, that of the log's first one. */
  readonly from: number;
  /** The offset behind the last record. @default none: reading goes on as records come */
  readonly to?: number | undefined;
}

/** What a fetch brought of one partition. */
export interface FetchedSlice {
  readonly partition: TopicPartition;
  /** In offset order, all below `to`; possibly none. */
  readonly records: KafkaRecords;
  /** Behind the slice, gaps of compaction and control records included; `to` in the last one of a range. */
  readonly nextOffset: number;
}

/** Reads given partitions, outside of any group. It keeps one connection to each broker, which all its reads share. */
export interface KafkaReader {
  /**
   * Reads ranges side by side: yields slices of all of them as they come, those of one range in offset order. Ends when every
   * range has been read to its end, or the signal aborts; each range with an end yields at least one slice, if an empty one. The
   * next slice of a partition is fetched while the caller works on the one before, and no further: a caller that stops taking
   * slices stops the fetches.
   *
   * A batch that cannot be read comes as a record with `unreadable`, as in a subscription.
   *
   * @throws KafkaError for what no retry helps against: a missing topic or right, or a position beyond the log's end
   */
  read(ranges: readonly ReadRange[], signal?: AbortSignal): AsyncGenerator<FetchedSlice, void, undefined>;
  /** Ends all reads. Idempotent, bounded in time. */
  close(): Promise<void>;
}
