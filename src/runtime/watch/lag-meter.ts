import type { KafkaAdmin } from '../../kafka/index.ts';
import type { PartitionTask } from '../task/input.ts';

const MAX_AGE_MS = 2_000;

/** Records that are not finished yet. High watermarks are asked for when somebody looks, and not more often than needed. */
export class LagMeter {
  readonly #admin: () => Promise<KafkaAdmin>;
  readonly #latest = new Map<string, number>();
  #askedAt = 0;
  #isStopped = false;

  constructor(admin: () => Promise<KafkaAdmin>) {
    this.#admin = admin;
  }

  lag(tasks: readonly PartitionTask[]): number {
    if (Date.now() - this.#askedAt > MAX_AGE_MS) this.refresh(tasks);
    let lag = 0;
    for (const task of tasks) {
      const { topic, partition } = task.partition;
      const latest = Math.max(this.#latest.get(`${topic}/${partition}`) ?? 0, task.end);
      lag += Math.max(0, latest - task.position);
    }
    return lag;
  }

  refresh(tasks: readonly PartitionTask[]): void {
    if (this.#isStopped) return;
    this.#askedAt = Date.now();
    this.#ask(new Set(tasks.map((task) => task.partition.topic))).catch(() => {});
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #ask(topics: Set<string>): Promise<void> {
    const admin = await this.#admin();
    for (const topic of topics) {
      for (const { partition, latest } of await admin.watermarks(topic)) this.#latest.set(`${topic}/${partition}`, latest);
    }
  }
}
