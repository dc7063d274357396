import { asStreamerError, StreamerError } from '../../errors.ts';
import { type KafkaAdmin, partitionKey, type TopicPartition } from '../../kafka/index.ts';
import type { Clock, Timer } from '../../timing/index.ts';
import type { Tell } from '../events/worker-events.ts';

const EVERY_MS = 30_000;

/** An input of a repartition topic. */
export interface Truncated {
  readonly partition: TopicPartition;
  /** The offset of its last commit: everything below it has been worked on. Undefined before the first one. */
  readonly lastCommit: number | undefined;
}

export interface TruncationParts {
  readonly admin: () => Promise<KafkaAdmin>;
  /** Repartition topics of the app: it alone reads them. */
  readonly topics: ReadonlySet<string>;
  readonly inputs: () => readonly Truncated[];
  readonly clock: Clock;
  readonly tell: Tell;
  /** @default 30_000 */
  readonly everyMs?: number | undefined;
}

/**
 * Deletes the records of repartition topics that are committed past: their retention has no end, because a time limit would delete
 * old records before they are read.
 */
export class Truncation {
  readonly #parts: TruncationParts;
  /** Below these offsets the records are deleted. */
  readonly #deleted = new Map<string, number>();
  /** Topics whose refusal has been reported. */
  readonly #reported = new Set<string>();
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(parts: TruncationParts) {
    this.#parts = parts;
  }

  start(): void {
    const { clock, topics, everyMs = EVERY_MS } = this.#parts;
    if (topics.size === 0 || this.#isStopped) return;
    this.#timer = clock.after(everyMs, () => void this.#truncate().then(() => this.start()));
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  async #truncate(): Promise<void> {
    const { topics, inputs } = this.#parts;
    const due = inputs().flatMap(({ partition, lastCommit: offset = 0 }) =>
      topics.has(partition.topic) && offset > (this.#deleted.get(partitionKey(partition)) ?? 0) ? [{ ...partition, offset }] : [],
    );
    for (const topic of new Set(due.map((each) => each.topic))) {
      await this.#delete(
        topic,
        due.filter((each) => each.topic === topic),
      );
    }
  }

  async #delete(topic: string, due: ReadonlyArray<TopicPartition & { readonly offset: number }>): Promise<void> {
    try {
      const admin = await this.#parts.admin();
      await admin.deleteRecords(due);
      for (const each of due) this.#deleted.set(partitionKey(each), each.offset);
      this.#reported.delete(topic);
    } catch (cause) {
      this.#report(topic, cause);
    }
  }

  /** Once, until it succeeds again: the topic grows, and nothing else is wrong. */
  #report(topic: string, cause: unknown): void {
    if (this.#reported.has(topic)) return;
    this.#reported.add(topic);
    const { code, message } = asStreamerError(cause);
    const error = new StreamerError(code, `records of "${topic}" that are done cannot be deleted, and it grows: ${message}`, {
      topic,
      cause,
      next: `Grant the right to delete its records: kafka-acls --add --operation Delete --topic '${topic}'`,
    });
    this.#parts.tell('warning', { error });
  }
}
