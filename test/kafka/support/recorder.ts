import type {
  ConsumerSink,
  KafkaClient,
  KafkaRecord,
  KafkaRecords,
  SubscribeOptions,
  Subscription,
  TopicPartition,
} from '../../../src/kafka/client.ts';
import { kafkajs } from '../../../src/kafka/index.ts';
import { brokers } from '../../helpers/broker.ts';

export interface Received extends TopicPartition {
  readonly epoch: number;
  readonly offset: number;
  readonly record: KafkaRecord;
}

export const createClient = (clientId = 'kafka-test'): KafkaClient => kafkajs({ clientId, brokers: brokers() });

/** Waits for a claim to become true, and says which one did not. */
export async function until(what: string, claim: () => boolean, ms = 20_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!claim()) {
    if (Date.now() > deadline) throw new Error(`after ${ms} ms still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A sink that writes down what it is told; its awaited methods do what the test gives it. */
export class Recorder implements ConsumerSink {
  readonly name: string;
  readonly received: Received[] = [];
  readonly events: string[] = [];
  readonly errors: Array<{ message: string; code: string | undefined; isFatal: boolean }> = [];
  partitions: readonly TopicPartition[] = [];
  epoch = 0;
  next = new Map<number, number>();
  /** Ends of batches without records. */
  skips: number[] = [];
  onAssigned: (partitions: readonly TopicPartition[], epoch: number) => Promise<void> = async () => {};
  onRevoking: (partitions: readonly TopicPartition[], epoch: number, deadlineMs: number) => Promise<void> = async () => {};
  subscription!: Subscription;
  #awaited = 0;

  constructor(name = 'a') {
    this.name = name;
  }

  async subscribe(client: KafkaClient, options: SubscribeOptions): Promise<Subscription> {
    this.subscription = await client.subscribe(options, this);
    return this.subscription;
  }

  async assigned(partitions: readonly TopicPartition[], epoch: number): Promise<void> {
    await this.#alone('assigned', async () => {
      this.events.push(`assigned ${epoch}`);
      this.partitions = partitions;
      this.epoch = epoch;
      await this.onAssigned(partitions, epoch);
    });
  }

  async revoking(partitions: readonly TopicPartition[], epoch: number, deadlineMs: number): Promise<void> {
    await this.#alone('revoking', async () => {
      this.events.push(`revoking ${epoch}`);
      await this.onRevoking(partitions, epoch, deadlineMs);
      this.events.push(`revoked ${epoch}`);
      this.partitions = [];
    });
  }

  lost(_partitions: readonly TopicPartition[], epoch: number): void {
    this.events.push(`lost ${epoch}`);
    this.partitions = [];
  }

  batch(tp: TopicPartition, epoch: number, records: KafkaRecords, nextOffset: number): void {
    if (epoch !== this.epoch) this.events.push(`stray batch of ${epoch} in ${this.epoch}`);
    this.next.set(tp.partition, nextOffset);
    if (records.length === 0) this.skips.push(nextOffset);
    for (const record of records) this.received.push({ ...tp, epoch, offset: record.offset, record });
  }

  failed(error: Error & { kafkaCode?: string | undefined }, isFatal: boolean): void {
    this.errors.push({ message: error.message, code: error.kafkaCode, isFatal });
  }

  offsets(partition: number): number[] {
    return this.received.filter((each) => each.partition === partition).map(({ offset }) => offset);
  }

  /** No two awaited methods at once, as the contract says. */
  async #alone(name: string, work: () => Promise<void>): Promise<void> {
    if (++this.#awaited > 1) this.events.push(`${name} came during another`);
    try {
      await work();
    } finally {
      this.#awaited -= 1;
    }
  }
}
