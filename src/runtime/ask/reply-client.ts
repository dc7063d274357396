import { randomUUID } from 'node:crypto';
import { StreamerError } from '../../errors.ts';
import {
  type KafkaAdmin,
  type KafkaClient,
  type KafkaRecords,
  type Subscription,
  seekToStart,
  type TopicPartition,
} from '../../kafka/index.ts';
import { type Deferred, deferred } from '../../timing/index.ts';
import { REPLY, replyTopicOf } from './replies.ts';

/** A reply is of no use when its question has timed out. */
const RETENTION_MS = 3_600_000;

interface Assigned {
  readonly partitions: readonly TopicPartition[];
  readonly epoch: number;
}

/** Asks agents and waits for their replies, which it reads from the app's reply topic from the time of its start on. */
export class ReplyClient {
  readonly #client: KafkaClient;
  readonly #admin: () => Promise<KafkaAdmin>;
  readonly #topic: string;
  readonly #groupId: string;
  readonly #open = new Map<string, Deferred<unknown>>();
  #subscription: Subscription | undefined;
  /** Where reading goes on after a connection that broke: answers may have come meanwhile. */
  #next: number | undefined;
  #ready: Promise<void> | undefined;

  constructor(appId: string, client: KafkaClient, admin: () => Promise<KafkaAdmin>) {
    this.#client = client;
    this.#admin = admin;
    this.#topic = replyTopicOf(appId);
    this.#groupId = `${this.#topic}.${randomUUID()}`;
  }

  /**
   * Resolves to the answer. Gives up when the signal is aborted: the caller has its answer then.
   *
   * @param send sends the question with these headers; its failure is the answer's
   */
  async ask(agent: string, signal: AbortSignal, send: (id: string, headers: Record<string, string>) => Promise<unknown>): Promise<unknown> {
    await this.#listening();
    signal.throwIfAborted();
    const id = randomUUID();
    const answer = deferred<unknown>();
    this.#open.set(id, answer);
    const giveUp = () => answer.reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await send(id, { [REPLY.to]: this.#topic, [REPLY.id]: id, [REPLY.agent]: agent });
      return await answer.promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
      this.#open.delete(id);
    }
  }

  /** Reads the replies from the first question on. A start that failed is tried again by the next question. */
  #listening(): Promise<void> {
    this.#ready ??= this.#listen().catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async close(): Promise<void> {
    for (const { reject } of this.#open.values()) reject(new StreamerError('LOST', 'the app was stopped before the answer came'));
    if (this.#ready === undefined) return;
    await this.#ready.catch(() => {});
    await this.#subscription?.close();
    await (await this.#admin()).deleteGroups([this.#groupId]).catch(() => {});
  }

  async #listen(): Promise<void> {
    const admin = await this.#admin();
    await admin.createTopics([{ name: this.#topic, partitions: 1, configs: { 'retention.ms': String(RETENTION_MS) } }]);
    const options = { groupId: this.#groupId, topics: [this.#topic], start: 'latest', maxWaitMs: 100 } as const;
    // Replies to questions not yet asked lie behind the end of today: reading starts there, before the first is asked.
    await new Promise<void>((resolve, reject) => {
      this.#client
        .subscribe(options, (subscription) => ({
          assigned: (partitions, epoch) => void this.#start(subscription, admin, { partitions, epoch }).then((isSet) => isSet && resolve()),
          revoking: async () => {},
          lost: () => {},
          batch: (_partition, _epoch, records, nextOffset) => {
            this.#next = nextOffset;
            this.#take(records);
          },
          failed: (error, isFatal) => {
            if (isFatal) reject(error);
          },
        }))
        .then((subscription) => {
          this.#subscription = subscription;
        }, reject);
    });
  }

  /** Resolves to false when the positions could not be read: the subscription joins again then. */
  async #start(subscription: Subscription, admin: KafkaAdmin, { partitions, epoch }: Assigned): Promise<boolean> {
    const [only] = partitions;
    if (only !== undefined && this.#next !== undefined) {
      subscription.seek(epoch, only, this.#next);
      return true;
    }
    const [position] = await seekToStart(subscription, admin, { partitions, epoch }, { start: 'latest' });
    this.#next ??= position?.offset;
    return position !== undefined;
  }

  #take(records: KafkaRecords): void {
    for (const { headers, value } of records) {
      const question = this.#open.get(headers[REPLY.id]?.toString() ?? '');
      if (question === undefined) continue;
      if (value !== null) question.resolve(JSON.parse(value.toString('utf8')));
      else question.reject(new StreamerError('ANSWER', headers[REPLY.error]?.toString() ?? 'no answer'));
    }
  }
}
