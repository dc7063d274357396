import type { Event } from '../../topics/index.ts';
import { HELD, type SinkWriter, WRITTEN, type WriteOutcome } from '../sink-writer.ts';
import { type Entry, settled } from './batch.ts';
import { columnToBlame } from './blame.ts';
import { type Change, changeOf } from './change.ts';
import { openPool, type PgClient, type PgPool } from './client.ts';
import { DELETED } from './guard.ts';
import type { PostgresUpsertPlan } from './options.ts';
import { cellsOf, newColumns, RowTexts } from './row.ts';
import { setupProblem } from './setup-problem.ts';
import { isConnectionLost, isRowRefused, outside, rowRefusal, type SqlError } from './sql-error.ts';
import type { Table } from './table.ts';
import { Tables } from './tables.ts';
import { Transactions } from './transaction.ts';

const PRUNE_EVERY_MS = 3_600_000;

/** Writes events into tables by key; see `postgresUpsert`. */
export class PostgresWriter<K, V> implements SinkWriter<K, V> {
  readonly name = 'postgresUpsert';
  readonly #plan: PostgresUpsertPlan<K, V>;
  readonly #tables: Tables;
  readonly #transactions: Transactions;
  readonly #texts = new WeakMap<Table, RowTexts>();
  #counts = { upserted: 0, deleted: 0, stale: 0, refused: 0, passed: 0, superseded: 0, transactions: 0 };
  #pool: PgPool | undefined;
  #prunedAt = 0;

  constructor(plan: PostgresUpsertPlan<K, V>) {
    this.#plan = plan;
    this.#tables = new Tables(plan);
    this.#transactions = new Transactions(plan.guard);
  }

  /** A database that cannot be reached is waited for later; one that says no ends the start. */
  async open(): Promise<void> {
    this.#pool = await openPool(this.#plan.poolConfig);
    const { table, pkFields } = this.#plan;
    try {
      await this.#use(async (client) => {
        if (typeof table === 'string') await this.#tables.check(client, table, pkFields);
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
    const outcomes: WriteOutcome[] = events.map(() => WRITTEN);
    await this.#use(async (client) => {
      const rows = new Map<string, Entry[]>();
      for (const [at, event] of events.entries()) {
        await this.#prepare(client, event, at, outcomes, rows);
      }
      await this.#writeRows(client, [...rows.values()], outcomes);
      await this.#prune(client);
    });
    return outcomes;
  }

  /** Adds the event to those about its row. What cannot be prepared is refused. */
  async #prepare(client: PgClient, event: Event<K, V>, at: number, outcomes: WriteOutcome[], rows: Map<string, Entry[]>): Promise<void> {
    try {
      const change = changeOf(event, this.#plan.pkFields, this.#plan.row);
      if (change === undefined || (change.row === undefined && !this.#plan.deleteEnabled)) {
        this.#counts.passed++;
        return;
      }
      const entry = await this.#entryOf(client, event, at, change);
      const id = `${entry.table.name}\u0000${entry.key}`;
      const others = rows.get(id);
      if (others === undefined) rows.set(id, [entry]);
      else others.push(entry);
    } catch (error) {
      if (!isOwnFault(error)) throw error;
      this.#counts.refused++;
      outcomes[at] = { state: 'refused', error };
    }
  }

  async #entryOf(client: PgClient, event: Event<K, V>, at: number, change: Change): Promise<Entry> {
    const name = tableName(this.#plan.table, event);
    const pkFields = this.#plan.pkFields ?? Object.keys(change.key);
    const cells = cellsOf(change, pkFields, this.#plan.fields);
    const { columns: types, autoEvolve } = this.#plan;
    let table =
      this.#tables.known(name, pkFields) ?? (await this.#tables.open(client, name, pkFields, newColumns(cells, undefined, types)));
    const lacking = autoEvolve ? newColumns(cells, table, types) : [];
    if (lacking.length > 0) table = await this.#tables.widen(client, table, pkFields, lacking);
    const texts = this.#rowTexts(table).of(cells);
    const key = JSON.stringify(pkFields.map((field) => texts.values[texts.columns.findIndex((column) => column.name === field)]));
    const source = `${event.topic}[${event.partition}]`;
    return { at, table, pkFields, isDelete: change.row === undefined, texts, key, source, offset: event.offset, lsn: change.lsn };
  }

  #rowTexts(table: Table): RowTexts {
    let texts = this.#texts.get(table);
    if (texts === undefined) this.#texts.set(table, (texts = new RowTexts(table)));
    return texts;
  }

  /** What the events about each row come to is written, in one transaction; where that is refused, in halves, down to the row. */
  async #writeRows(client: PgClient, rows: ReadonlyArray<readonly Entry[]>, outcomes: WriteOutcome[]): Promise<void> {
    if (rows.length === 0) return;
    try {
      await this.#transact(
        client,
        rows.map((entries) => settled(entries, this.#plan.guard)),
      );
      this.#counts.superseded += rows.reduce((sum, entries) => sum + entries.length - 1, 0);
    } catch (error) {
      if (!isRowRefused(error)) throw error;
      if (rows.length === 1) {
        await this.#writeOneRow(client, rows[0] as readonly Entry[], outcomes);
        return;
      }
      const half = Math.ceil(rows.length / 2);
      await this.#writeRows(client, rows.slice(0, half), outcomes);
      await this.#writeRows(client, rows.slice(half), outcomes);
    }
  }

  /** The events about the row are written one after the other, up to the one to blame. */
  async #writeOneRow(client: PgClient, entries: readonly Entry[], outcomes: WriteOutcome[]): Promise<void> {
    for (const [index, entry] of entries.entries()) {
      const refusal = await this.#tryAlone(client, entry);
      if (refusal === undefined) continue;
      this.#counts.refused++;
      const column = await columnToBlame(client, entry);
      outcomes[entry.at] = { state: 'refused', error: rowRefusal(entry.table.name, entry.key, refusal, column) };
      for (const later of entries.slice(index + 1)) outcomes[later.at] = HELD;
      return;
    }
  }

  async #tryAlone(client: PgClient, entry: Entry): Promise<SqlError | undefined> {
    try {
      await this.#transact(client, [entry]);
      return undefined;
    } catch (error) {
      if (isRowRefused(error)) return error as SqlError;
      throw error;
    }
  }

  async #transact(client: PgClient, entries: readonly Entry[]): Promise<void> {
    const upserts = entries.filter(({ isDelete }) => !isDelete).length;
    const { upserted, deleted } = await this.#transactions.write(client, entries);
    this.#counts.transactions++;
    this.#counts.upserted += upserted;
    this.#counts.deleted += deleted;
    this.#counts.stale += Math.max(0, upserts - upserted);
  }

  /** Forgets deletes that are so old that no worker can still have an event from before them. */
  async #prune(client: PgClient): Promise<void> {
    if (!this.#plan.guard || Date.now() - this.#prunedAt < PRUNE_EVERY_MS) return;
    this.#prunedAt = Date.now();
    await client.query(`delete from ${DELETED} where "deleted_at" < now() - $1 * interval '1 millisecond'`, [this.#plan.deletesKeptMs]);
  }

  /** @throws StreamerError `UNAVAILABLE` for whatever is not the fault of an event; the catalog is read again then */
  async #use(work: (client: PgClient) => Promise<void>): Promise<void> {
    if (this.#pool === undefined) throw outside('the database', new Error('the sink is closed'));
    let client: PgClient | undefined;
    let isLost = false;
    try {
      client = await this.#pool.connect();
      await work(client);
    } catch (error) {
      isLost = isConnectionLost(error);
      this.#tables.forget();
      throw outside(typeof this.#plan.table === 'string' ? this.#plan.table : 'the database', error);
    } finally {
      client?.release(isLost);
    }
  }
}

function isOwnFault(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === 'VALIDATION' || code === 'DECODE';
}

function tableName<K, V>(table: PostgresUpsertPlan<K, V>['table'], event: Event<K, V>): string {
  if (typeof table === 'string') return table;
  return table === undefined ? event.topic.replaceAll('.', '_') : table(event);
}
