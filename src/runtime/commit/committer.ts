import { KafkaError } from '../../errors.ts';
import type { CommittedOffset, Subscription } from '../../kafka/index.ts';
import { sleep } from '../../timing/index.ts';
import type { PartitionTask } from '../task/input.ts';

export interface CommitterHost {
  committed(offsets: readonly CommittedOffset[]): void;
  warning(error: KafkaError): void;
  fail(error: KafkaError): void;
}

/** Commits what has changed, one request at a time: offsets only ever of events whose outputs are acknowledged. */
export class Committer {
  readonly #host: CommitterHost;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #underWay: CommittedOffset | undefined;

  constructor(intervalMs: number, host: CommitterHost) {
    this.#intervalMs = intervalMs;
    this.#host = host;
  }

  start(commit: () => Promise<void>): void {
    const tick = async () => {
      await commit();
      if (this.#timer !== undefined) this.#timer = setTimeout(tick, this.#intervalMs);
    };
    this.#timer = setTimeout(tick, this.#intervalMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Of a commit that is under way, or tried again, the first offset. */
  get underWay(): CommittedOffset | undefined {
    return this.#underWay;
  }

  /** Behind any commit under way. Never rejects: what could not be committed is committed next time, or done again. */
  commit(subscription: Subscription, epoch: number, tasks: Iterable<PartitionTask>): Promise<void> {
    this.#running = this.#running
      .then(() => this.#commitNow(subscription, epoch, [...tasks]))
      .finally(() => {
        this.#underWay = undefined;
      });
    return this.#running;
  }

  async #commitNow(subscription: Subscription, epoch: number, tasks: readonly PartitionTask[]): Promise<void> {
    const offsets: Array<[PartitionTask, CommittedOffset]> = [];
    for (const task of tasks) {
      const offset = task.uncommitted();
      if (offset !== undefined) offsets.push([task, offset]);
    }
    if (offsets.length === 0) return;
    this.#underWay = offsets[0]?.[1];
    for (let attempt = 1; attempt <= 3; attempt++) {
      try {
        await subscription.commit(
          epoch,
          offsets.map(([, offset]) => offset),
        );
        for (const [task, offset] of offsets) task.committed(offset);
        this.#host.committed(offsets.map(([, offset]) => offset));
        return;
      } catch (cause) {
        const error =
          cause instanceof KafkaError ? cause : new KafkaError('retry', `commit failed: ${(cause as Error).message}`, { cause });
        if (error.reason === 'stale') return;
        if (error.reason !== 'retry') {
          this.#host.fail(error);
          return;
        }
        this.#host.warning(error);
        await sleep(100 * attempt);
      }
    }
  }
}
