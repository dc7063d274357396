/** A partition, and what travels in it: records as they are read and as they are written. */

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Values of a repeated header name come as an array, in order. */
export type RecordHeaders = Record<string, Buffer | readonly Buffer[]>;

/** A record as it came: raw bytes. Key and value may be slices of a larger buffer: copy what is kept. */
export interface KafkaRecord {
  readonly offset: number;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
  /**
   * Set for a record that stands for a whole batch that cannot be read: `value` has the bytes of the batch, as far as they
   * came, and key and headers are empty. Delivery goes on behind the batch.
   */
  readonly unreadable?: UnreadableRecords;
}

export interface UnreadableRecords {
  readonly error: Error;
  /** Records that are skipped with the batch, at most. */
  readonly records: number;
}

/**
 * Records of one partition in offset order, to be taken once: those of a fetch are made as they are taken, so that
 * what waits costs its bytes alone. Iterating takes them too.
 */
export interface KafkaRecords extends Iterable<KafkaRecord> {
  /** How many are left. */
  readonly length: number;
  /** Roughly the bytes that are left. */
  readonly bytes: number;
  /** Takes the next one; undefined when none is left. */
  shift(): KafkaRecord | undefined;
  /** Leaves out those below the offset. */
  skipTo(offset: number): void;
}

export interface OutputRecord {
  readonly topic: string;
  /** Always set: the partition is chosen above the seam. */
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: RecordHeaders | undefined;
  /** Milliseconds since 1970-01-01 UTC. @default the time of the send */
  readonly timestamp?: number | undefined;
}

/** Which records count: all, or those that no open or aborted transaction holds back. */
export type Isolation = 'uncommitted' | 'committed';
