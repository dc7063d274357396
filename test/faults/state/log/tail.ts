import { setTimeout as pause } from 'node:timers/promises';
import { persist } from '../../system/client.ts';
import type { LoggedRecord } from './batches.ts';
import { type Log, readLogs } from './read-log.ts';

/** Its owner deletes what it has committed past every half minute. */
const EVERY_MS = 3_000;

/** Reads topics again and again, since their records do not stay. */
export class Tail {
  readonly #brokers: string;
  readonly #topics: readonly string[];
  readonly #logs = new Map<string, { readonly topic: string; readonly partition: number; readonly records: LoggedRecord[] }>();
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;

  constructor(brokers: string, topics: readonly string[]) {
    this.#brokers = brokers;
    this.#topics = topics;
    this.#running = this.#run();
  }

  /** Reads once more. Resolves with all that was there. */
  async close(): Promise<Log[]> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort();
      await this.#running;
      await persist(() => this.#read());
    }
    return [...this.#logs.values()];
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      // A broker that is down is asked again.
      await this.#read().catch(() => {});
      await pause(EVERY_MS, undefined, { signal: this.#closing.signal }).catch(() => {});
    }
  }

  async #read(): Promise<void> {
    const from = new Map([...this.#logs].map(([name, { records }]) => [name, (records.at(-1)?.offset ?? -1) + 1]));
    for (const { topic, partition, records } of await readLogs(this.#brokers, this.#topics, from)) {
      const log = this.#logs.get(`${topic}/${partition}`);
      if (log === undefined) this.#logs.set(`${topic}/${partition}`, { topic, partition, records: [...records] });
      else log.records.push(...records);
    }
  }
}
