import {
  type ConsumerSink,
  type KafkaAdmin,
  type KafkaClient,
  type KafkaRecord,
  type Subscription,
  seekToStart,
  type TopicPartition,
} from '../kafka/index.ts';
import { sleep } from '../timing/index.ts';

/** A record as it came. */
export interface RawRecord {
  readonly partition: number;
  readonly record: KafkaRecord;
}

/** Reads a topic from its beginning, in a group of its own, apart from the app under test. */
export class TopicReader {
  readonly #client: KafkaClient;
  readonly #topic: string;
  readonly #groupId: string;
  readonly #records: RawRecord[] = [];
  /** Next offset of each partition. */
  readonly #positions = new Map<number, number>();
  #taken = 0;
  #subscription: Promise<Subscription> | undefined;
  #wake = new AbortController();

  constructor(client: KafkaClient, topic: string, groupId: string) {
    this.#client = client;
    this.#topic = topic;
    this.#groupId = groupId;
  }

  /** Resolves to the next record that no earlier call has returned. Rejects when none comes in time. */
  async next(timeoutMs: number): Promise<RawRecord> {
    const found = await this.#until(() => this.#records[this.#taken], timeoutMs);
    if (found === undefined) throw new Error(`no further record in "${this.#topic}" within ${timeoutMs} ms`);
    this.#taken++;
    return found;
  }

  /** Resolves to all records that are in the topic at the time of the call. */
  async all(timeoutMs: number): Promise<readonly RawRecord[]> {
    const ends = await (await this.#client.admin()).watermarks(this.#topic);
    const isRead = () => ends.every(({ partition, earliest, latest }) => latest <= (this.#positions.get(partition) ?? earliest));
    if (await this.#until(() => (isRead() ? true : undefined), timeoutMs)) return [...this.#records];
    throw new Error(`"${this.#topic}" was not read to its end within ${timeoutMs} ms`);
  }

  async close(): Promise<void> {
    await (await this.#subscription)?.close();
  }

  async #until<T>(find: () => T | undefined, timeoutMs: number): Promise<T | undefined> {
    this.#subscription ??= this.#subscribe();
    await this.#subscription;
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = find();
      const left = deadline - Date.now();
      if (found !== undefined || left <= 0) return found;
      await sleep(left, this.#wake.signal);
    }
  }

  async #subscribe(): Promise<Subscription> {
    const admin = await this.#client.admin();
    const options = { groupId: this.#groupId, topics: [this.#topic], maxWaitMs: 50 };
    return this.#client.subscribe(options, (subscription) => this.#sink(subscription, admin));
  }

  #sink(subscription: Subscription, admin: KafkaAdmin): ConsumerSink {
    return {
      assigned: (partitions, epoch) => void seekToStart(subscription, admin, { partitions, epoch }),
      revoking: async () => {},
      lost: () => {},
      failed: () => {},
      batch: ({ partition }: TopicPartition, _epoch, records, nextOffset) => {
        for (const record of records) this.#records.push({ partition, record });
        this.#positions.set(partition, nextOffset);
        this.#wake.abort();
        this.#wake = new AbortController();
      },
    };
  }
}
