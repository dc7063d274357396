import type { KafkaError } from '../../errors.ts';
import { estimateSize } from '../../wire/batch-encoder.ts';
import type { OutputRecord } from '../client.ts';
import { eachHeader } from '../headers.ts';

/** Below the 1,048,588 bytes that a topic takes by default. */
const BATCH_BYTES = 900_000;

export interface Batch {
  readonly queue: PartitionQueue;
  readonly records: readonly OutputRecord[];
  readonly bytes: number;
}

/** The records of one send that go to one partition, in order, and how far they have come. */
export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  readonly #all: readonly OutputRecord[];
  readonly #positions: number[] = [];
  #next = 0;
  /** Most records in a batch: halved while the broker refuses a batch of several. */
  #limit = Number.POSITIVE_INFINITY;
  /** How often in a row the partition was said not to exist. */
  misses = 0;

  constructor(topic: string, partition: number, all: readonly OutputRecord[]) {
    this.topic = topic;
    this.partition = partition;
    this.#all = all;
  }

  get isDone(): boolean {
    return this.#next >= this.#positions.length;
  }

  add(position: number): void {
    this.#positions.push(position);
  }

  /** The next batch; the same one again until `written`, `split` or `refuse` is called. */
  batch(): Batch {
    const records: OutputRecord[] = [];
    let bytes = 0;
    for (let at = this.#next; at < this.#positions.length && records.length < this.#limit; at++) {
      const record = this.#all[this.#positions[at] ?? -1];
      if (record === undefined) break;
      const size = estimateSize(record, headersOf);
      if (records.length > 0 && bytes + size > BATCH_BYTES) break;
      records.push(record);
      bytes += size;
    }
    return { queue: this, records, bytes };
  }

  written(count: number, baseOffset: number, offsets: Array<number | undefined>): void {
    for (let i = 0; i < count; i++) offsets[this.#take()] = baseOffset + i;
  }

  /** A batch of `count` was refused as a whole: one of fewer records finds out whose fault it was. */
  split(count: number): void {
    this.#limit = Math.ceil(count / 2);
  }

  refuseOne(error: KafkaError, refused: Map<number, KafkaError>): void {
    refused.set(this.#take(), error);
    this.#limit = Number.POSITIVE_INFINITY;
  }

  refuseRest(error: KafkaError, refused: Map<number, KafkaError>): void {
    while (!this.isDone) refused.set(this.#take(), error);
  }

  #take(): number {
    return this.#positions[this.#next++] ?? -1;
  }
}

/** As the batch encoder asks for the headers of a record. */
export const headersOf = (record: OutputRecord, visit: (name: string, value: Buffer | null) => void): void =>
  eachHeader(record.headers, visit);

/** One queue for each partition, in the order in which the records name them. */
export function partitionQueues(records: readonly OutputRecord[]): PartitionQueue[] {
  const topics = new Map<string, Map<number, PartitionQueue>>();
  const queues: PartitionQueue[] = [];
  records.forEach((record, position) => {
    let partitions = topics.get(record.topic);
    if (partitions === undefined) topics.set(record.topic, (partitions = new Map()));
    let queue = partitions.get(record.partition);
    if (queue === undefined) {
      queue = new PartitionQueue(record.topic, record.partition, records);
      partitions.set(record.partition, queue);
      queues.push(queue);
    }
    queue.add(position);
  });
  return queues;
}
