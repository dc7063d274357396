import { randomUUID } from 'node:crypto';
import { StreamerError } from '../../errors.ts';
import { type KafkaAdmin, type KafkaClient, type KafkaRecords, type Subscription, seekToStart } from '../../kafka/index.ts';
import { type Deferred, deferred } from '../../timing/index.ts';
import { REPLY, replyTopicOf } from './replies.ts';

/** A reply is of no use when its question has timed out. */
const RETENTION_MS = 3_600_000;

/** Asks agents and waits for their replies, which it reads from the app's reply topic from the time of its start on. */
export class ReplyClient {
  readonly #client: KafkaClient;
  readonly #admin: () => Promise<KafkaAdmin>;
  readonly #topic: string;
  readonly #groupId: string;
  readonly #open = new Map<string, Deferred<unknown>>();
  #subscription: Subscription | undefined;
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
          assigned: (partitions, epoch) => void seekToStart(subscription, admin, { partitions, epoch }, options).then(resolve),
          revoking: async () => {},
          lost: () => {},
          batch: (_partition, _epoch, records) => this.#take(records),
          failed: (error, isFatal) => {
            if (isFatal) reject(error);
          },
        }))
        .then((subscription) => {
          this.#subscription = subscription;
        }, reject);
    });
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
