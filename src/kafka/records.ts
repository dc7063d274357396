import type { KafkaRecord, KafkaRecords } from './client.ts';

/** Records that are there already, to be taken one after the other. */
export class MadeRecords implements KafkaRecords {
  readonly #records: readonly KafkaRecord[];
  #next = 0;
  #bytes = 0;

  constructor(records: readonly KafkaRecord[]) {
    this.#records = records;
    for (const record of records) this.#bytes += sizeOf(record);
  }

  get length(): number {
    return this.#records.length - this.#next;
  }

  get bytes(): number {
    return this.#bytes;
  }

  shift(): KafkaRecord | undefined {
    const record = this.#records[this.#next];
    if (record === undefined) return undefined;
    this.#next++;
    this.#bytes -= sizeOf(record);
    return record;
  }

  skipTo(offset: number): void {
    for (let next = this.#records[this.#next]; next !== undefined && next.offset < offset; next = this.#records[this.#next]) this.shift();
  }

  *[Symbol.iterator](): Iterator<KafkaRecord> {
    for (let record = this.shift(); record !== undefined; record = this.shift()) yield record;
  }
}

function sizeOf({ key, value }: KafkaRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0);
}
