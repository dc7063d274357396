import { type KafkaAdmin, partitionKey } from '../../kafka/index.ts';
import type { Input } from '../task/input.ts';

const MAX_AGE_MS = 2_000;

/** Records that are not finished yet. High watermarks are read when the lag is asked for, at most every 2 s. */
export class LagMeter {
  readonly #admin: () => Promise<KafkaAdmin>;
  readonly #latest = new Map<string, number>();
  #askedAt = 0;
  #isStopped = false;

  constructor(admin: () => Promise<KafkaAdmin>) {
    this.#admin = admin;
  }

  lag(inputs: readonly Input[]): number {
    if (Date.now() - this.#askedAt > MAX_AGE_MS) this.refresh(inputs);
    let lag = 0;
    for (const input of inputs) {
      const { topic, partition } = input.partition;
      const latest = Math.max(this.#latest.get(partitionKey({ topic, partition })) ?? 0, input.end);
      lag += Math.max(0, latest - input.position);
    }
    return lag;
  }

  refresh(inputs: readonly Input[]): void {
    if (this.#isStopped) return;
    this.#askedAt = Date.now();
    this.#ask(new Set(inputs.map(({ partition }) => partition.topic))).catch(() => {});
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #ask(topics: Set<string>): Promise<void> {
    const admin = await this.#admin();
    for (const topic of topics) {
      for (const { partition, latest } of await admin.watermarks(topic)) this.#latest.set(partitionKey({ topic, partition }), latest);
    }
  }
}
