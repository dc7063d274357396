import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { TopicTimes } from './topic-times.ts';

export interface CaptureFigures {
  /** Rows a second of one transaction, from its commit to the last record in the topic. */
  readonly bulk: number;
  /** Rows a second of many transactions, from the start of the first to the last record in the topic. */
  readonly many: number;
  /** Milliseconds from before an insert to its record in the topic, ascending. */
  readonly latencies: readonly number[];
}

const BULK_ROWS = 20_000;
const TRANSACTIONS = 200;
const TRANSACTION_ROWS = 100;
const SINGLE_ROWS = 200;

/** Writes the same load to any table of `capture`'s form, whose row 0 is there and whose changes are being captured. */
export class CaptureLoad {
  readonly #client: pg.Client;
  readonly #table: string;
  readonly #times: TopicTimes;
  #next = 1;

  constructor(client: pg.Client, table: string, times: TopicTimes) {
    this.#client = client;
    this.#table = table;
    this.#times = times;
  }

  async run(): Promise<CaptureFigures> {
    await this.#times.of(0, 0);
    // The first transactions warm up whatever compiles while it runs.
    for (const rows of [1, 2_000]) await this.#appended(await this.#insert(rows));
    const bulk = await this.#insert(BULK_ROWS);
    const bulkMs = last(await this.#appended(bulk)) - bulk.committedAt;
    const startedAt = Date.now();
    const many: Inserted[] = [];
    while (many.length < TRANSACTIONS) many.push(await this.#insert(TRANSACTION_ROWS));
    const manyMs = last(await this.#appended({ ...(many.at(-1) as Inserted), from: (many[0] as Inserted).from })) - startedAt;
    return {
      bulk: (BULK_ROWS * 1_000) / bulkMs,
      many: (TRANSACTIONS * TRANSACTION_ROWS * 1_000) / manyMs,
      latencies: await this.#latencies(),
    };
  }

  async #latencies(): Promise<number[]> {
    const first = this.#next;
    const inserts: number[] = [];
    while (inserts.length < SINGLE_ROWS) {
      inserts.push(Date.now());
      await this.#insert(1);
      // Not in step with anybody's polls.
      await delay(10 + Math.random() * 30);
    }
    const appended = await this.#times.of(first, this.#next - 1);
    return appended.map((at, index) => at - (inserts[index] as number)).sort((a, b) => a - b);
  }

  async #insert(rows: number): Promise<Inserted> {
    const from = this.#next;
    this.#next += rows;
    await this.#client.query(
      `insert into ${this.#table} select g, repeat(md5(g::text), 6), g / 7.0, now() from generate_series(${from}, ${this.#next - 1}) g`,
    );
    return { from, to: this.#next - 1, committedAt: Date.now() };
  }

  #appended({ from, to }: Inserted): Promise<number[]> {
    return this.#times.of(from, to);
  }
}

interface Inserted {
  readonly from: number;
  readonly to: number;
  readonly committedAt: number;
}

function last(times: readonly number[]): number {
  return times.reduce((most, at) => Math.max(most, at), 0);
}
