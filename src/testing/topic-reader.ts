import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ConsumerSink,
  type KafkaAdmin,
  type KafkaClient,
  type KafkaRecord,
  type Subscription,
  seekToStart,
  type TopicPartition,
} from '../kafka/index.ts';
import type { AnyTopic } from '../topics/index.ts';
import type { Received } from './test-app.ts';

/** Reads a topic from its beginning, in a group of its own, apart from the app under test. */
export class TopicReader {
  readonly #client: KafkaClient;
  readonly #topic: AnyTopic;
  readonly #groupId: string;
  readonly #waiting: Array<() => void> = [];
  readonly #records: Array<{ readonly partition: number; readonly record: KafkaRecord }> = [];
  #subscription: Promise<Subscription> | undefined;

  constructor(client: KafkaClient, topic: AnyTopic, groupId: string) {
    this.#client = client;
    this.#topic = topic;
    this.#groupId = groupId;
  }

  async next(timeoutMs: number): Promise<Received<unknown, unknown>> {
    this.#subscription ??= this.#subscribe();
    await this.#subscription;
    const deadline = Date.now() + timeoutMs;
    while (this.#records.length === 0) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`no further record in "${this.#topic.name}" within ${timeoutMs} ms`);
      await Promise.race([new Promise<void>((resolve) => this.#waiting.push(resolve)), sleep(left, undefined, { ref: false })]);
    }
    const { partition, record } = this.#records.shift()!;
    return this.#decode(partition, record);
  }

  async close(): Promise<void> {
    await (await this.#subscription)?.close();
  }

  async #decode(partition: number, record: KafkaRecord): Promise<Received<unknown, unknown>> {
    const { serdes, name: topic } = this.#topic;
    const key = record.key === null ? null : await serdes.key.decode(record.key, { topic, part: 'key' });
    const value = record.value === null ? null : await serdes.value.decode(record.value, { topic, part: 'value' });
    return { key, value, partition, offset: record.offset, timestamp: record.timestamp, headers: record.headers };
  }

  async #subscribe(): Promise<Subscription> {
    const admin = await this.#client.admin();
    const options = { groupId: this.#groupId, topics: [this.#topic.name], maxWaitMs: 50 };
    return this.#client.subscribe(options, (subscription) => this.#sink(subscription, admin));
  }

  #sink(subscription: Subscription, admin: KafkaAdmin): ConsumerSink {
    return {
      assigned: (partitions, epoch) => void seekToStart(subscription, admin, { partitions, epoch }),
      revoking: async () => {},
      lost: () => {},
      failed: () => {},
      batch: ({ partition }: TopicPartition, _epoch, records) => {
        for (const record of records) this.#records.push({ partition, record });
        for (const wake of this.#waiting.splice(0)) wake();
      },
    };
  }
}
