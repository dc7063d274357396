import { ConfigError, isStreamerError } from '../../errors.ts';
import type { Event } from '../../topics/index.ts';
import { type SinkWriter, WRITTEN, type WriteOutcome } from '../sink-writer.ts';
import type { Entry } from './batch.ts';
import { BatchWrite } from './batch-write.ts';
import { openPool, type PgClient, type PgPool } from './client.ts';
import { COUNTS, type Counts, newCounts } from './counts.ts';
import { Entries } from './entries.ts';
import { DELETED } from './guard.ts';
import type { PostgresUpsertPlan } from './options.ts';
import { setupProblem } from './setup-problem.ts';
import { isConnectionLost, isRefusal, outside, tableRefusal } from './sql-error.ts';
import { haveChanged, TableChanged, Transactions } from './transaction.ts';

const PRUNE_EVERY_MS = 3_600_000;
/** Readings of a table that changes while a batch is written. */
const MOST_READINGS = 5;

/** Writes events into tables by key; see `postgresUpsert`. */
export class PostgresWriter<K, V> implements SinkWriter<K, V> {
  readonly name = 'postgresUpsert';
  readonly #plan: PostgresUpsertPlan<K, V>;
  readonly #entries: Entries<K, V>;
  readonly #transactions: Transactions;
  readonly #counts = newCounts();
  #pool: PgPool | undefined;
  #prunedAt = 0;

  constructor(plan: PostgresUpsertPlan<K, V>) {
    this.#plan = plan;
    this.#entries = new Entries(plan);
    this.#transactions = new Transactions(plan.guard);
  }

  /** A database that cannot be reached is waited for later; one that refuses ends the start. */
  async open(): Promise<void> {
    this.#pool = await openPool(this.#plan.poolConfig);
    const { table, pkFields } = this.#plan;
    try {
      await this.#use(async (client) => {
        if (typeof table === 'string') await this.#entries.tables.check(client, table, pkFields);
      });
    } catch (error) {
      const problem = setupProblem(error);
      if (problem === undefined) return;
      await this.close();
      throw problem;
    }
  }

  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.end();
  }

  counts(): Readonly<Record<string, number>> {
    return { ...this.#counts };
  }

  async write(events: ReadonlyArray<Event<K, V>>): Promise<readonly WriteOutcome[]> {
    let outcomes: readonly WriteOutcome[] = [];
    await this.#use(async (client) => {
      outcomes = await this.#writeToTables(client, events);
      await this.#prune(client);
    });
    return outcomes;
  }

  /** A table that has changed meanwhile is read again, and the batch is made again for it: what was written is written once more. */
  async #writeToTables(client: PgClient, events: ReadonlyArray<Event<K, V>>): Promise<readonly WriteOutcome[]> {
    for (let reading = 1; ; reading++) {
      const counts = newCounts();
      try {
        const outcomes = await this.#attempt(client, events, counts);
        for (const name of COUNTS) this.#counts[name] += counts[name];
        return outcomes;
      } catch (error) {
        if (!(error instanceof TableChanged) || reading === MOST_READINGS) throw error;
        this.#entries.tables.forget();
      }
    }
  }

  async #attempt(client: PgClient, events: ReadonlyArray<Event<K, V>>, counts: Counts): Promise<readonly WriteOutcome[]> {
    const outcomes: WriteOutcome[] = events.map(() => WRITTEN);
    const entries: Entry[] = [];
    const known = this.#entries.tables.all();
    for (const [at, event] of events.entries()) {
      try {
        const made = this.#entries.of(client, event, at);
        const entry = made instanceof Promise ? await made : made;
        if (entry === undefined) counts.passed++;
        else entries.push(entry);
      } catch (error) {
        outcomes[at] = refusalOf(error);
        counts.refused++;
      }
    }
    const isRefused = outcomes.some(({ state }) => state === 'refused');
    if (isRefused && (await haveChanged(client, known))) throw new TableChanged('a table has changed');
    await new BatchWrite(client, this.#transactions, this.#plan.guard, outcomes, counts).write(entries);
    return outcomes;
  }

  /** Forgets deletes that are so old that no worker can still have an event from before them. */
  async #prune(client: PgClient): Promise<void> {
    if (!this.#plan.guard || Date.now() - this.#prunedAt < PRUNE_EVERY_MS) return;
    this.#prunedAt = Date.now();
    await client.query(`delete from ${DELETED} where "deleted_at" < now() - $1 * interval '1 millisecond'`, [this.#plan.deletesKeptMs]);
  }

  /** @throws StreamerError `UNAVAILABLE` when the database cannot be used now; the catalog is read again then */
  async #use(work: (client: PgClient) => Promise<void>): Promise<void> {
    if (this.#pool === undefined) throw outside('the database', new Error('the sink is closed'));
    let client: PgClient | undefined;
    let isLost = false;
    try {
      client = await this.#pool.connect();
      await work(client);
    } catch (error) {
      isLost = isConnectionLost(error);
      this.#entries.tables.forget();
      throw outside(typeof this.#plan.table === 'string' ? this.#plan.table : 'the database', error);
    } finally {
      client?.release(isLost);
    }
  }
}

/** The outcome of an event that cannot be prepared. @throws the error, when it is not the event's fault */
function refusalOf(error: unknown): WriteOutcome {
  if (error instanceof ConfigError || isRefusal(error)) return { state: 'refused', error: tableRefusal(error) };
  if (isStreamerError(error) && (error.code === 'VALIDATION' || error.code === 'DECODE')) return { state: 'refused', error };
  throw error;
}
