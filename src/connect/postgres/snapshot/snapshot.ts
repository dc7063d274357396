import type { SourceContext } from '../../source.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { PublishedTable } from '../catalog/publication.ts';
import type { TableRegistry } from '../catalog/table-registry.ts';
import type { EventEncoder } from '../events/encoder.ts';
import type { ChangePosition, SnapshotMark } from '../events/position.ts';
import type { SnapshotTuple, Table } from '../events/table.ts';
import type { Publisher } from '../publishing/publisher.ts';
import type { ResolvedOptions } from '../resolve-options.ts';
import { fetched } from '../server/cursor.ts';
import type { Database, Row } from '../server/database.ts';
import { bypassGrant, messageOf, needsRights, selectGrants } from '../server/server-error.ts';
import { literal, qualified, shownTable } from '../server/sql.ts';
import type { SnapshotSlot } from '../slot/slot.ts';
import { selectionOf } from './selection.ts';
import { deletionTest, WrittenKeys } from './written-keys.ts';

export interface SnapshotParts {
  readonly database: Database;
  readonly catalog: Catalog;
  readonly registry: TableRegistry;
  readonly encoder: EventEncoder;
  readonly publisher: Publisher;
  readonly tables: readonly PublishedTable[];
  readonly options: ResolvedOptions;
  /** The role that is connected. */
  readonly role: string;
  /** The database has the encoding SQL_ASCII. */
  readonly isAscii: boolean;
  readonly context: SourceContext;
}

interface Pending {
  readonly table: Table;
  readonly row: SnapshotTuple;
  readonly isFirst: boolean;
}

/**
 * Publishes every row that exists at the slot's starting point, and a delete for each key of the topics that has no row any more.
 * Resolves when all of it is acknowledged.
 */
export async function publishSnapshot(parts: SnapshotParts, slot: SnapshotSlot): Promise<void> {
  const { database, publisher } = parts;
  await database.rows('begin isolation level repeatable read read only');
  await database.rows(`set transaction snapshot ${literal(slot.snapshot)}`);
  const [micros, txId] = (await database.rows('select (extract(epoch from now()) * 1000000)::bigint, txid_current()'))[0] ?? [];
  const at = { micros: BigInt(micros ?? 0), txId: Number(txId), lsn: slot.consistentPoint, previousLsn: null };
  await new SnapshotRun(parts, at).run();
  await publisher.settled();
  await database.rows('commit');
}

/** Holds one row back, because only the next one shows whether it was the last of its table, or of all. */
class SnapshotRun {
  readonly #parts: SnapshotParts;
  readonly #at: Omit<ChangePosition, 'snapshot'>;
  #held: Pending | undefined;
  #published = 0;

  constructor(parts: SnapshotParts, at: Omit<ChangePosition, 'snapshot'>) {
    this.#parts = parts;
    this.#at = at;
  }

  async run(): Promise<void> {
    for (const table of this.#parts.tables) await this.#table(table);
    if (this.#held !== undefined) await this.#emit(this.#held, 'last');
  }

  async #table(published: PublishedTable): Promise<void> {
    const { catalog, registry } = this.#parts;
    const relation = await catalog.relation(published);
    if (relation === undefined) return;
    const columns = relation.columns.filter(({ name }) => published.columns?.includes(name) ?? true);
    const table = await registry.define({ ...relation, columns });
    if (table === undefined) return;
    const written = await this.#writtenKeys(table);
    await this.#rows(
      published,
      table,
      columns.map(({ name }) => name),
      written,
    );
    if (written !== undefined) await this.#deletes(table, written);
  }

  async #writtenKeys(table: Table): Promise<WrittenKeys | undefined> {
    const { context, options } = this.#parts;
    const { converter, tombstones, unwrap } = options;
    context.state('snapshot', `${table.topic}: reads the keys that are there`);
    return WrittenKeys.read(context, table, converter, deletionTest(converter, tombstones && unwrap === undefined));
  }

  async #rows(published: PublishedTable, table: Table, columns: readonly string[], written: WrittenKeys | undefined): Promise<void> {
    const { database, isAscii, context } = this.#parts;
    const kind = await database.value('select relkind from pg_class where oid = $1::regclass', [qualified(published)]);
    const { query, tuple } = selectionOf(published, columns, kind === 'p', isAscii);
    let count = 0;
    for await (const rows of this.#fetched(query, published)) {
      context.signal.throwIfAborted();
      for (const row of rows) await this.#next({ table, row: tuple(row), isFirst: count++ === 0 }, written);
      context.state('snapshot', `${shownTable(published)}: ${count.toLocaleString('en-US')} rows`);
    }
  }

  async *#fetched(query: string, table: PublishedTable): AsyncGenerator<readonly Row[]> {
    const { database, role } = this.#parts;
    try {
      yield* fetched(database, query);
    } catch (error) {
      const hidesRows = messageOf(error).includes('row-level security');
      throw needsRights(error, hidesRows ? [bypassGrant(role)] : selectGrants(role, table), role) ?? error;
    }
  }

  async #next(pending: Pending, written: WrittenKeys | undefined): Promise<void> {
    const { table, row } = pending;
    if (written !== undefined && written.size > 0) await written.found(table.keyOf(table.read(row)), table.topic);
    const held = this.#held;
    this.#held = pending;
    if (held === undefined) return;
    const isLastOfTable = held.table !== table;
    await this.#emit(held, isLastOfTable ? 'last_in_data_collection' : held.isFirst ? 'first_in_data_collection' : 'true');
  }

  /** As Debezium has it, a snapshot of one row is `last`, not `first`. */
  async #emit({ table, row }: Pending, mark: SnapshotMark): Promise<void> {
    const snapshot = this.#published++ === 0 && mark !== 'last' ? 'first' : mark;
    await this.#parts.publisher.publish(this.#parts.encoder.read(table, row, { ...this.#at, snapshot }));
  }

  async #deletes(table: Table, written: WrittenKeys): Promise<void> {
    const { encoder, publisher, context } = this.#parts;
    let count = 0;
    for (const { bytes, value } of written.gone()) {
      const events = value === undefined ? [] : encoder.gone(table, value, { ...this.#at, snapshot: 'true' });
      await publisher.publishGone(events, table.topic, bytes);
      count++;
    }
    if (count > 0) context.state('snapshot', `${table.topic}: ${count.toLocaleString('en-US')} keys whose rows are gone were deleted`);
  }
}
