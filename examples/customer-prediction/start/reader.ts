import { randomUUID } from 'node:crypto';
import type { App, KafkaRecord } from 'streamerjs';

type Client = Awaited<ReturnType<App['client']>>;
type Admin = Awaited<ReturnType<Client['admin']>>;
type Subscription = Awaited<ReturnType<Client['subscribe']>>;

/**
 * Reads topics from where they end now, as a consumer of its own beside the app: nothing that the workers say about
 * themselves is believed. Its group is made for this run and deleted afterwards.
 */
export class TopicReader {
  readonly #client: Client;
  readonly #admin: Admin;
  readonly #topics: readonly string[];
  readonly #group = `customer-prediction-summary-${randomUUID()}`;
  readonly #positions = new Map<string, number>();
  readonly #onRecord: (topic: string, record: KafkaRecord) => void;
  #subscription: Subscription | undefined;
  #hasJoined = false;
  #failure: Error | undefined;
  #moved: () => void = () => {};

  constructor(client: Client, admin: Admin, topics: readonly string[], onRecord: (topic: string, record: KafkaRecord) => void) {
    this.#client = client;
    this.#admin = admin;
    this.#topics = topics;
    this.#onRecord = onRecord;
  }

  /** Resolves when it reads: records written from now on will be seen. */
  async open(): Promise<void> {
    for (const { topic, partition, latest } of await this.#watermarks()) this.#positions.set(`${topic}[${partition}]`, latest);
    let assigned: () => void = () => {};
    let refused: (error: Error) => void = () => {};
    const reading = new Promise<void>((resolve, reject) => {
      assigned = resolve;
      refused = reject;
    });
    this.#subscription = await this.#client.subscribe({ groupId: this.#group, topics: this.#topics, maxWaitMs: 50 }, (subscription) => ({
      assigned: (partitions, epoch) => {
        for (const place of partitions) subscription.seek(epoch, place, this.#positions.get(`${place.topic}[${place.partition}]`) ?? 0);
        this.#hasJoined = true;
        assigned();
      },
      revoking: async () => {},
      lost: () => {},
      batch: ({ topic, partition }, _epoch, records, nextOffset) => {
        const place = `${topic}[${partition}]`;
        const position = this.#positions.get(place) ?? 0;
        for (const record of records) if (record.offset >= position) this.#onRecord(topic, record);
        this.#positions.set(place, Math.max(position, nextOffset));
        this.#moved();
      },
      failed: (error, fatal) => {
        if (!fatal) return;
        this.#failure = error;
        refused(error);
        this.#moved();
      },
    }));
    await reading;
  }

  /** Reads on until where the topics end now. */
  async catchUp(): Promise<void> {
    const ends = await this.#watermarks();
    const isBehind = () => ends.some(({ topic, partition, latest }) => (this.#positions.get(`${topic}[${partition}]`) ?? 0) < latest);
    while (isBehind()) {
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => (this.#moved = resolve));
    }
  }

  async close(): Promise<void> {
    if (this.#subscription === undefined) return;
    await this.#subscription.close();
    if (this.#hasJoined) await this.#admin.deleteGroups([this.#group]);
  }

  async #watermarks() {
    return (await Promise.all(this.#topics.map((topic) => this.#admin.watermarks(topic)))).flat();
  }
}
