import { type Entry, parametersOf, type Section, sectionsOf } from './batch.ts';
import type { PgClient, PgResult } from './client.ts';
import { DELETED } from './guard.ts';
import { literal } from './sql-names.ts';
import { deleteStatement, insertStatement, type Statement, updateStatement, upsertStatement } from './statements.ts';
import { signatureOf, type Table } from './table.ts';

// One advisory lock per partition and transaction closes the gap in which two workers would not see each other's deletes. Each transaction
// compares the catalog with what was read, so that a changed table is read again before a row is refused.
//
// A cast to varchar(8) cuts silently where an insert refuses, and a cast to char or bit without length means length 1. So casts name
// the type in quotes, which has no length.

/** Rows that a transaction changed. */
export interface Changed {
  readonly upserted: number;
  readonly deleted: number;
}

/** A table is not what it was when it was read: nothing was written. */
export class TableChanged extends Error {
  override name = 'TableChanged';
}

type Kind = 'upsert' | 'update' | 'insert' | 'delete';

/** Writes entries in transactions; every statement's text is made once. */
export class Transactions {
  readonly #guard: boolean;
  readonly #texts = new WeakMap<Table, Map<string, Statement>>();

  constructor(guard: boolean) {
    this.#guard = guard;
  }

  /**
   * Writes all entries, or none: wave after wave. No two entries of a wave are about the same row.
   *
   * @throws TableChanged
   */
  async write(client: PgClient, waves: ReadonlyArray<readonly Entry[]>): Promise<Changed> {
    try {
      await this.#begin(client, waves.flat());
      const changed = { upserted: 0, deleted: 0 };
      for (const section of waves.flatMap(sectionsOf)) {
        if (section.isDelete) changed.deleted += await this.#run(client, section, 'delete');
        else changed.upserted += await this.#upsert(client, section);
      }
      await client.query('commit');
      return changed;
    } catch (error) {
      await client.query('rollback').catch(() => {});
      throw error;
    }
  }

  /**
   * The lock keeps a worker that has lost the partition without knowing it from writing beside the one that has it: each
   * would not see what the other deletes. In the same round trip the tables are compared with what is known of them.
   */
  async #begin(client: PgClient, entries: readonly Entry[]): Promise<void> {
    const source = literal(`streamer: ${entries[0]?.source}`);
    const lock = this.#guard ? `select pg_advisory_xact_lock(hashtextextended(${source}, 0));` : '';
    const tables = [...new Set(entries.map(({ table }) => table))];
    const results = resultsOf(await client.query(`begin isolation level read committed; ${lock} ${signatures(tables)}`));
    const row = results.at(-1)?.rows[0] ?? {};
    const changed = tables.find(({ signature }, at) => row[`s${at}`] !== signature);
    if (changed !== undefined) throw new TableChanged(`table ${changed.name} has changed`);
    if (this.#guard && row.deleted !== true) throw new TableChanged(`table ${DELETED} is gone`);
  }

  async #upsert(client: PgClient, section: Section): Promise<number> {
    const given = new Set(section.columns.map(({ name }) => name));
    const isPartial = [...section.table.columns.values()].some(({ name, isRequired }) => isRequired && !given.has(name));
    if (!isPartial) return this.#run(client, section, 'upsert');
    return (await this.#run(client, section, 'update')) + (await this.#run(client, section, 'insert'));
  }

  async #run(client: PgClient, section: Section, kind: Kind): Promise<number> {
    const { rowCount } = await client.query(this.#statement(section, kind).text, parametersOf(section, this.#guard));
    return rowCount ?? 0;
  }

  #statement({ table, columns, pkFields }: Section, kind: Kind): Statement {
    let texts = this.#texts.get(table);
    if (texts === undefined) this.#texts.set(table, (texts = new Map()));
    const id = [kind, ...pkFields, '', ...columns.map(({ name }) => name)].join('\u0000');
    let statement = texts.get(id);
    if (statement === undefined) texts.set(id, (statement = made(kind, table, columns, pkFields, this.#guard)));
    return statement;
  }
}

/** Returns true if one of the tables is no longer as it was read. */
export async function haveChanged(client: PgClient, tables: readonly Table[]): Promise<boolean> {
  if (tables.length === 0) return false;
  const { rows } = await client.query(signatures(tables));
  return tables.some(({ signature }, at) => rows[0]?.[`s${at}`] !== signature);
}

/** SQL: what the tables are now, by position. */
function signatures(tables: readonly Table[]): string {
  const each = tables.map(({ name }, at) => `${signatureOf(name)} as s${at}`);
  return `select ${[...each, `pg_catalog.to_regclass(${literal(DELETED)}) is not null as deleted`].join(', ')}`;
}

/** `pg` returns a list for several statements in one text. */
function resultsOf(result: PgResult | readonly PgResult[]): readonly PgResult[] {
  return 'rows' in result ? [result] : result;
}

function made(kind: Kind, table: Table, columns: Section['columns'], pkFields: readonly string[], guard: boolean): Statement {
  if (kind === 'delete') return deleteStatement(table, columns, guard);
  const make = { upsert: upsertStatement, update: updateStatement, insert: insertStatement }[kind];
  return make(table, columns, pkFields, guard);
}
