import { setTimeout as sleep } from 'node:timers/promises';
import { KafkaError } from '../../../src/errors.ts';
import type {
  ConsumerSink,
  KafkaAdmin,
  KafkaClient,
  KafkaRecord,
  KafkaRecords,
  SubscribeOptions,
  Subscription,
  TopicPartition,
} from '../../../src/kafka/client.ts';
import { kafkajs, seekToStart } from '../../../src/kafka/index.ts';
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
  /** The positions of the last assignment are set. */
  isReading = false;
  epoch = 0;
  next = new Map<number, number>();
  /** Ends of batches without records. */
  skips: number[] = [];
  /** Before positions are read; resolves to `sought` if it has set them itself. */
  onAssigned: (partitions: readonly TopicPartition[], epoch: number) => Promise<'sought' | void> = async () => {};
  onRevoking: (partitions: readonly TopicPartition[], epoch: number, deadlineMs: number) => Promise<void> = async () => {};
  /** Longest time to read positions, before it joins again. */
  takeOverTimeoutMs = 30_000;
  subscription!: Subscription;
  #awaited = 0;
  #start: 'earliest' | 'latest' = 'earliest';
  #admin!: KafkaAdmin;

  constructor(name = 'a') {
    this.name = name;
  }

  async subscribe(client: KafkaClient, options: SubscribeOptions): Promise<Subscription> {
    this.#admin = await client.admin();
    this.#start = options.start ?? 'earliest';
    return client.subscribe(options, (subscription) => {
      this.subscription = subscription;
      return this;
    });
  }

  assigned(partitions: readonly TopicPartition[], epoch: number): void {
    if (this.#awaited > 0) this.events.push('assigned came during another');
    this.events.push(`assigned ${epoch}`);
    this.partitions = partitions;
    this.isReading = false;
    this.epoch = epoch;
    void this.#takeOver(partitions, epoch);
  }

  async #takeOver(partitions: readonly TopicPartition[], epoch: number): Promise<void> {
    const timeoutMs = this.takeOverTimeoutMs;
    const outcome = await Promise.race([this.onAssigned(partitions, epoch), sleep(timeoutMs, 'late', { ref: false } as const)]);
    if (outcome === 'late') this.subscription.rejoin(epoch, new KafkaError('retry', `not done within ${timeoutMs} ms`));
    else if (outcome !== 'sought') {
      const moved = (error: KafkaError): void => this.failed(error, false);
      await seekToStart(this.subscription, this.#admin, { partitions, epoch }, { start: this.#start, timeoutMs, moved });
      if (epoch === this.epoch) this.isReading = true;
    }
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
