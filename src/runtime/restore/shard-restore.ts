import { messageOf, StreamerError } from '../../errors.ts';
import type { FetchedSlice, KafkaRecord, KafkaRecords, ReadRange } from '../../kafka/index.ts';
import { decodeChangelogValue, decodeCutNumber, isCutKey } from '../../tables/index.ts';
import type { TableShard } from '../state/task-state.ts';
import type { Slices } from './slices.ts';

/** Records between two looks at the clock. */
const SLICE_RECORDS = 64;

/** The committed entries of one shard, read from its changelog partition: as far as it has come, it need not be read again. */
export class ShardRestore {
  readonly shard: TableShard;
  #next = 0;
  #number = 0;

  constructor(shard: TableShard) {
    this.shard = shard;
  }

  /** Number of the last cut in what has been read. */
  get number(): number {
    return this.#number;
  }

  /** What is left to read up to an end of the log; undefined when that is nothing. */
  rangeTo(end: number): ReadRange | undefined {
    return this.#next >= end ? undefined : { ...this.shard.changelog, from: this.#next, to: end };
  }

  /** @returns the number of records. @throws StreamerError (rejects) for a record that is not one of a changelog */
  async take({ records, nextOffset }: FetchedSlice, slices: Slices): Promise<number> {
    const count = records.length;
    while (records.length > 0) {
      if (slices.isOver) await slices.next();
      await this.#takeSome(records);
    }
    this.#next = nextOffset;
    return count;
  }

  #takeSome(records: KafkaRecords): Promise<void> | undefined {
    for (let left = SLICE_RECORDS; left > 0; left--) {
      const record = records.shift();
      if (record === undefined) return undefined;
      const pending = this.#add(record);
      if (pending !== undefined) return pending;
    }
    return undefined;
  }

  /** Returns a promise to wait for when the table's serdes do not answer at once for the entry. */
  #add(record: KafkaRecord): Promise<void> | undefined {
    const { key, value, unreadable } = record;
    const { base } = this.shard.shard;
    try {
      if (unreadable !== undefined) throw unreadable.error;
      if (key === null) throw new RangeError('a record of a changelog has no key');
      if (isCutKey(key)) {
        if (value !== null) this.#number = decodeCutNumber(value);
      } else if (value === null) base.delete(key);
      else {
        const { value: bytes } = decodeChangelogValue(value);
        base.set(key, bytes);
        return this.shard.table.ready?.(key, bytes);
      }
    } catch (cause) {
      throw this.#unusable(record, cause);
    }
    return undefined;
  }

  #unusable({ offset }: KafkaRecord, cause: unknown): StreamerError {
    const { table, changelog } = this.shard;
    return new StreamerError('REFUSED', `table "${table.name}" cannot be restored: ${messageOf(cause)}`, {
      ...{ ...changelog, offset, cause },
      next: 'Has something else written to the changelog? `streamer reset -A <app> --tables` begins with empty tables.',
    });
  }
}
