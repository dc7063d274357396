import type { KafkaRecord, KafkaRecords } from '../../kafka/index.ts';
import { Fifo } from '../fifo.ts';

interface Batch {
  readonly records: KafkaRecords;
  readonly nextOffset: number;
}

/**
 * Records as they were fetched, not yet read from their bytes. They stay so until there is room for them: an event that is
 * made, handled and dropped within one turn costs the garbage collector next to nothing, thousands that wait do not.
 */
export class Backlog {
  readonly #batches = new Fifo<Batch>();
  #count = 0;
  #bytes = 0;
  #end: number;

  constructor(position: number) {
    this.#end = position;
  }

  /** Records that wait here. */
  get length(): number {
    return this.#count;
  }

  /** Fetches of which something is left, those without records included. */
  get batches(): number {
    return this.#batches.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The offset behind the last batch: where reading goes on. */
  get end(): number {
    return this.#end;
  }

  push(records: KafkaRecords, nextOffset: number): void {
    records.skipTo(this.#end);
    this.#batches.push({ records, nextOffset });
    this.#count += records.length;
    this.#bytes += records.bytes;
    this.#end = Math.max(this.#end, nextOffset);
  }

  /** Takes the next record; undefined when there is none. Calls `passed` with the `nextOffset` of each batch that has come to its end. */
  shift(passed: (nextOffset: number) => void): KafkaRecord | undefined {
    for (let batch = this.#batches.peek(); batch !== undefined; batch = this.#batches.peek()) {
      const { records } = batch;
      const before = records.bytes;
      const record = records.shift();
      this.#bytes += records.bytes - before;
      if (record !== undefined) {
        this.#count--;
        return record;
      }
      this.#batches.shift();
      passed(batch.nextOffset);
    }
    return undefined;
  }
}
