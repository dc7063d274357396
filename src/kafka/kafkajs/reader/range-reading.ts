import type { KafkaError } from '../../../errors.ts';
import { batchesBelow } from '../../../wire/batches-below.ts';
import type { OpenBatch } from '../../../wire/record-reader.ts';
import { RecordReader } from '../../../wire/record-reader.ts';
import type { FetchedSlice, ReadRange, TopicPartition } from '../../client.ts';
import { readHeaders } from '../../read-headers.ts';

/** Who reads a range: gets its slices, and what ends it. */
export interface RangeOwner {
  arrived(range: RangeReading, slice: FetchedSlice): void;
  failed(error: KafkaError): void;
}

/**
 * `idle`: the next fetch may ask for it. `busy`: it is asked for, or rests after a failure. `ready`: a slice waits to be taken.
 * `done`: read to its end, or given up.
 */
export type RangeState = 'idle' | 'busy' | 'ready' | 'done';

/** Where the reading of one range stands. */
export class RangeReading {
  readonly tp: TopicPartition;
  readonly end: number;
  readonly #owner: RangeOwner;
  position: number;
  state: RangeState = 'idle';
  /** Failures in a row. */
  failures = 0;
  /**
   * Up to here the reader may read, as the broker says, and yet a fetch brought nothing: there was no room in the answer, or
   * nothing is there. The next fetch asks for this range alone, and tells the two apart.
   */
  gapUntil: number | undefined;

  constructor({ topic, partition, from, to = Number.POSITIVE_INFINITY }: ReadRange, owner: RangeOwner) {
    this.tp = { topic, partition };
    this.position = from;
    this.end = to;
    this.#owner = owner;
  }

  /** Records from `position` on, which may begin below it. */
  fetched(batches: readonly OpenBatch[], nextOffset: number): void {
    const records = new RecordReader(nextOffset > this.end ? batchesBelow(batches, this.end) : batches, readHeaders);
    records.skipTo(this.position);
    this.#arrive(records, nextOffset);
  }

  /** Nothing came. @param readableEnd up to which the reader may read */
  empty(readableEnd: number): void {
    if (this.gapUntil !== undefined) return this.skipTo(this.gapUntil);
    if (readableEnd > this.position) this.gapUntil = readableEnd;
    this.failures = 0;
    this.state = 'idle';
  }

  /** Goes on at an offset, below which there is nothing. */
  skipTo(offset: number): void {
    this.#arrive(new RecordReader([], readHeaders), offset);
  }

  /** The slice that was ready is taken. */
  taken(): void {
    this.state = this.position >= this.end ? 'done' : 'idle';
  }

  fail(error: KafkaError): void {
    this.state = 'done';
    this.#owner.failed(error);
  }

  #arrive(records: FetchedSlice['records'], nextOffset: number): void {
    this.gapUntil = undefined;
    this.failures = 0;
    this.position = Math.min(nextOffset, this.end);
    if (this.state === 'done') return;
    this.state = 'ready';
    this.#owner.arrived(this, { partition: this.tp, records, nextOffset: this.position });
  }
}
