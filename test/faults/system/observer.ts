import type { Admin } from 'kafkajs';
import { now, sleep } from '../clock.ts';
import type { Commit, Observation } from '../proof/evidence.ts';
import { endsOf, kafkaOf, persist } from './client.ts';
import { readFinished } from './finished.ts';

const EVERY_MS = 60;

/** Reads the group's commits during a round, from outside, and after each reading where the outputs end. */
export class Observer {
  /** By input topic. */
  readonly observations: ReadonlyMap<string, Observation[]>;
  readonly #admin: Admin;
  readonly #group: string;
  readonly #outputs: readonly string[];
  #isOver = false;
  readonly #running: Promise<void>;

  static async start(brokers: string, group: string, inputs: readonly string[], outputs: readonly string[]): Promise<Observer> {
    const admin = kafkaOf(brokers).admin();
    await persist(() => admin.connect());
    return new Observer(admin, group, inputs, outputs);
  }

  private constructor(admin: Admin, group: string, inputs: readonly string[], outputs: readonly string[]) {
    this.#admin = admin;
    this.#group = group;
    this.observations = new Map(inputs.map((input) => [input, []]));
    this.#outputs = outputs;
    this.#running = this.#run();
  }

  /** Is every record committed of an input that ends so? */
  isDone(input: string, ends: ReadonlyMap<number, number>): boolean {
    const commits = this.observations.get(input)?.at(-1)?.commits;
    return commits !== undefined && [...ends].every(([partition, end]) => end === 0 || (commits.get(partition)?.offset ?? -1) >= end);
  }

  /** What was committed before the present commit of each partition, by `topic/partition`. */
  earlier(): ReadonlyMap<string, { readonly offset: number; readonly metadata: string | null }> {
    const earlier = new Map<string, { offset: number; metadata: string | null }>();
    for (const [input, observations] of this.observations) {
      for (const [partition, { offset }] of observations.at(-1)?.commits ?? []) {
        const before = observations.findLast(({ commits }) => (commits.get(partition)?.offset ?? offset) < offset)?.commits.get(partition);
        if (before !== undefined) earlier.set(`${input}/${partition}`, { offset: before.offset, metadata: before.metadata ?? null });
      }
    }
    return earlier;
  }

  /** One more look, and no more. */
  async close(): Promise<void> {
    this.#isOver = true;
    await this.#running;
    await persist(() => this.#look());
    await this.#admin.disconnect();
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      // A broker that is down is looked at again.
      await this.#look().catch(() => {});
      await sleep(EVERY_MS);
    }
  }

  async #look(): Promise<void> {
    // All topics of the group: for a named one kafkajs would ask only for the partitions that it knows from before.
    const all = await this.#admin.fetchOffsets({ groupId: this.#group });
    const seenAt = now();
    const ends = await Promise.all(this.#outputs.map(async (topic) => [topic, await endsOf(this.#admin, topic)] as const));
    for (const [input, observations] of this.observations) {
      const found = all.find(({ topic }) => topic === input);
      observations.push({ at: seenAt, commits: commitsOf(found?.partitions ?? []), ends: new Map(ends) });
    }
  }
}

function commitsOf(partitions: ReadonlyArray<{ partition: number; offset: string; metadata: string | null }>): Map<number, Commit> {
  const commits = new Map<number, Commit>();
  for (const { partition, offset, metadata } of partitions) {
    const at = Number(offset);
    if (at >= 0) commits.set(partition, { offset: at, metadata, finished: readFinished(at, metadata) });
  }
  return commits;
}
