import { asStreamerError, KafkaError, StreamerError } from '../../errors.ts';
import type { KafkaAdmin } from '../../kafka/index.ts';
import { type Encoded, KeylessSpread, partitionOf } from '../../topics/index.ts';
import { type Outbox, type Sent, withdrawn } from './outbox.ts';

/** How long a partition count is used before it is asked for again, as `metadata.max.age.ms` of Kafka's clients. */
const MAX_AGE_MS = 300_000;

/** Chooses partitions and hands records to the outbox. */
export class Sender {
  readonly #outbox: Outbox;
  readonly #admin: () => Promise<KafkaAdmin>;
  readonly #counts = new Map<string, { readonly count: number; readonly until: number }>();
  readonly #asking = new Map<string, Promise<number>>();
  readonly #spread = new KeylessSpread();

  constructor(outbox: Outbox, admin: () => Promise<KafkaAdmin>) {
    this.#outbox = outbox;
    this.#admin = admin;
  }

  /** Returns a promise when the partition is not known yet; it settles when that is, and never rejects. */
  send(topic: string, message: Encoded, acknowledge: Sent): Promise<void> | undefined {
    const known = this.#counts.get(topic);
    if (known !== undefined && !this.#asking.has(topic)) {
      this.#post(topic, message, known.count, acknowledge);
      if (known.until < Date.now()) this.#ask(topic).catch(() => {});
      return undefined;
    }
    return this.#ask(topic).then(
      (count) => this.#post(topic, message, count, acknowledge),
      (error: StreamerError) => acknowledge(error, -1, -1),
    );
  }

  /** Resolves when nothing is waiting for a partition count, nor in the outbox. */
  async flush(): Promise<void> {
    await Promise.allSettled(this.#asking.values());
    await this.#outbox.flush();
  }

  #post(topic: string, message: Encoded, count: number, acknowledge: Sent): void {
    const { key, signal } = message;
    if (signal?.aborted) return acknowledge(withdrawn(topic), -1, -1);
    const partition = message.partition ?? (key === null ? this.#spread.next(count) : partitionOf(key, count));
    if (partition < 0 || partition >= count || !Number.isInteger(partition)) {
      const problem = `topic "${topic}" has partitions 0 to ${count - 1}, the message names ${partition}`;
      acknowledge(new StreamerError('USAGE', problem, { topic, partition }), -1, partition);
      return;
    }
    this.#outbox.send(topic, partition, message, acknowledge);
  }

  /** Asks once, however many messages wait for the answer; they are then sent in the order in which they came. */
  #ask(topic: string): Promise<number> {
    let answer = this.#asking.get(topic);
    if (answer === undefined) {
      answer = this.#fetch(topic);
      this.#asking.set(topic, answer);
      // Registered before the waiting messages, so it runs just before them: later messages come behind them.
      const forget = () => this.#asking.delete(topic);
      answer.then(forget, forget);
    }
    return answer;
  }

  /**
   * An unreachable broker is waited for here too: a message that failed for that reason would be sent again behind later
   * ones of its key.
   */
  async #countsOf(topic: string): Promise<Map<string, number>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await (await this.#admin()).partitionCounts([topic]);
      } catch (cause) {
        const error = asStreamerError(cause, undefined, { topic });
        if (!error.retryable || !(await this.#outbox.waits(error, attempt))) throw error;
      }
    }
  }

  async #fetch(topic: string): Promise<number> {
    const count = (await this.#countsOf(topic)).get(topic);
    if (count === undefined) {
      throw new KafkaError('refused', `topic "${topic}" does not exist`, {
        topic,
        kafkaCode: 'UNKNOWN_TOPIC_OR_PARTITION',
        next: 'Create it first: `streamer topics create -A <app>` creates every topic that the app declares.',
      });
    }
    this.#counts.set(topic, { count, until: Date.now() + MAX_AGE_MS });
    return count;
  }
}
