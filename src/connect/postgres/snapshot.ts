import type { Catalog } from './catalog.ts';
import { fetched } from './cursor.ts';
import { type Database, identifier, literal, type Row } from './database.ts';
import type { EventEncoder } from './events/encoder.ts';
import type { ChangePosition, SnapshotMark } from './events/position.ts';
import type { Table } from './events/table.ts';
import type { Publisher } from './publisher.ts';
import { needsRights, type PublishedTable, qualified, readingGrants } from './setup.ts';
import type { SnapshotSlot } from './slot.ts';
import type { TableRegistry } from './table-registry.ts';

export interface SnapshotParts {
  readonly database: Database;
  readonly catalog: Catalog;
  readonly registry: TableRegistry;
  readonly encoder: EventEncoder;
  readonly publisher: Publisher;
  readonly tables: readonly PublishedTable[];
  /** Who reads. */
  readonly role: string;
  /** Told the rows so far, now and then. */
  readonly progress: (table: string, rows: number) => void;
  readonly signal: AbortSignal;
}

interface Pending {
  readonly table: Table;
  readonly row: Row;
  readonly isFirst: boolean;
}

/** Publishes every row that was there at the slot's starting point, and waits until all are acknowledged. */
export async function publishSnapshot(parts: SnapshotParts, slot: SnapshotSlot): Promise<number> {
  const { database, publisher } = parts;
  await database.rows('begin isolation level repeatable read read only');
  await database.rows(`set transaction snapshot ${literal(slot.snapshot)}`);
  const [row] = await database.rows('select (extract(epoch from now()) * 1000000)::bigint, txid_current()');
  const at = { micros: BigInt(row![0]!), txId: Number(row![1]), lsn: slot.consistentPoint, previousLsn: null };
  const rows = await new SnapshotRun(parts, at).run();
  await publisher.settled();
  await database.rows('commit');
  return rows;
}

/** Holds one row back: only when the next one is seen is it known whether it was the last of its table, or of all. */
class SnapshotRun {
  readonly #parts: SnapshotParts;
  readonly #at: Omit<ChangePosition, 'snapshot'>;
  #held: Pending | undefined;
  #published = 0;

  constructor(parts: SnapshotParts, at: Omit<ChangePosition, 'snapshot'>) {
    this.#parts = parts;
    this.#at = at;
  }

  async run(): Promise<number> {
    for (const table of this.#parts.tables) await this.#table(table);
    if (this.#held !== undefined) await this.#emit(this.#held, 'last');
    return this.#published;
  }

  async #table(published: PublishedTable): Promise<void> {
    const { database, catalog, registry, signal, progress } = this.#parts;
    const relation = await catalog.relation(published.schema, published.name);
    if (relation === undefined) return;
    const columns = relation.columns.filter(({ name }) => published.columns?.includes(name) ?? true);
    const table = await registry.define({ ...relation, columns });
    if (table === undefined) return;
    const names = columns.map(({ name }) => name);
    let count = 0;
    for await (const rows of this.#rows(await selection(database, published, names), published)) {
      signal.throwIfAborted();
      for (const row of rows) await this.#next({ table, row, isFirst: count++ === 0 });
      progress(`${published.schema}.${published.name}`, count);
    }
  }

  async *#rows(query: string, table: PublishedTable): AsyncGenerator<readonly Row[]> {
    const { database, role } = this.#parts;
    try {
      yield* fetched(database, query);
    } catch (error) {
      throw needsRights(error, readingGrants(role, table, (error as Error).message)) ?? error;
    }
  }

  async #next(pending: Pending): Promise<void> {
    const held = this.#held;
    this.#held = pending;
    if (held === undefined) return;
    const isLastOfTable = held.table !== pending.table;
    await this.#emit(held, isLastOfTable ? 'last_in_data_collection' : held.isFirst ? 'first_in_data_collection' : 'true');
  }

  async #emit({ table, row }: Pending, mark: SnapshotMark): Promise<void> {
    const snapshot = this.#published++ === 0 ? 'first' : mark;
    await this.#parts.publisher.publish(this.#parts.encoder.read(table, row, { ...this.#at, snapshot }));
  }
}

/** Partitions are read by themselves or through their root; other children of a table have changes of their own. */
async function selection(database: Database, table: PublishedTable, columns: readonly string[]): Promise<string> {
  const isPartitioned = await database.value('select c.relkind from pg_class c where c.oid = $1::regclass', [qualified(table)]);
  const filter = table.filter === undefined ? '' : ` where ${table.filter}`;
  return `select ${columns.map(identifier).join(', ')} from ${isPartitioned === 'p' ? '' : 'only '}${qualified(table)}${filter}`;
}
