import type { KafkaRecord } from '../kafka/index.ts';
import { Fifo } from './fifo.ts';

interface Batch {
  readonly records: readonly KafkaRecord[];
  readonly nextOffset: number;
}

/**
 * Records as they were fetched, not yet decoded. They stay raw until there is room for them: an event that is made,
 * handled and dropped within one turn costs the garbage collector next to nothing, thousands that wait do not.
 */
export class Backlog {
  readonly #batches = new Fifo<Batch>();
  #index = 0;
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

  get bytes(): number {
    return this.#bytes;
  }

  /** The offset behind the last batch: where reading goes on. */
  get end(): number {
    return this.#end;
  }

  push(records: readonly KafkaRecord[], nextOffset: number): void {
    const known = records.findIndex(({ offset }) => offset >= this.#end);
    const fresh = known === 0 ? records : known < 0 ? [] : records.slice(known);
    this.#batches.push({ records: fresh, nextOffset });
    this.#count += fresh.length;
    for (const record of fresh) this.#bytes += sizeOf(record);
    this.#end = Math.max(this.#end, nextOffset);
  }

  /** The next record; undefined when there is none. Passes over batches that are through, telling their `nextOffset`. */
  peek(passed: (nextOffset: number) => void): KafkaRecord | undefined {
    for (let batch = this.#batches.peek(); batch !== undefined; batch = this.#batches.peek()) {
      const record = batch.records[this.#index];
      if (record !== undefined) return record;
      this.#batches.shift();
      this.#index = 0;
      passed(batch.nextOffset);
    }
    return undefined;
  }

  /** Takes the record that `peek` gave. */
  shift(record: KafkaRecord): void {
    this.#index++;
    this.#count--;
    this.#bytes -= sizeOf(record);
  }
}

export function sizeOf({ key, value }: KafkaRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0);
}
