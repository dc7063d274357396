import { type Entry, parametersOf, type Section, sectionsOf } from './batch.ts';
import type { PgClient } from './client.ts';
import { literal } from './sql-names.ts';
import { deleteStatement, insertStatement, type Statement, updateStatement, upsertStatement } from './statements.ts';
import type { Table } from './table.ts';

/** Rows that a transaction changed. */
export interface Changed {
  readonly upserted: number;
  readonly deleted: number;
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
   * All entries, or none. No two of them are about the same row.
   *
   * The lock keeps a worker that has lost the partition without knowing it from writing beside the one that has it: each
   * would not see what the other deletes.
   */
  async write(client: PgClient, entries: readonly Entry[]): Promise<Changed> {
    const sections = sectionsOf(entries);
    const source = literal(`streamer: ${entries[0]?.source}`);
    await client.query(
      `begin isolation level read committed;${this.#guard ? ` select pg_advisory_xact_lock(hashtextextended(${source}, 0));` : ''}`,
    );
    try {
      const changed = { upserted: 0, deleted: 0 };
      for (const section of sections) {
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

function made(kind: Kind, table: Table, columns: Section['columns'], pkFields: readonly string[], guard: boolean): Statement {
  if (kind === 'delete') return deleteStatement(table, columns, guard);
  const make = { upsert: upsertStatement, update: updateStatement, insert: insertStatement }[kind];
  return make(table, columns, pkFields, guard);
}
