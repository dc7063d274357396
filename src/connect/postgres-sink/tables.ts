import { ConfigError } from '../../errors.ts';
import type { PgClient } from './client.ts';
import { createDeleted, guardColumns } from './guard.ts';
import type { PostgresUpsertPlan } from './options.ts';
import { quotedTable } from './sql-names.ts';
import { addColumns, changeTables, checkTable, createTable, readTable, type Table } from './table.ts';

export interface NewColumn {
  readonly name: string;
  readonly type: string;
}

type Rules = Pick<PostgresUpsertPlan<unknown, unknown>, 'autoCreate' | 'autoEvolve' | 'guard' | 'deleteEnabled'>;

/** The tables that are written to, read from the catalog once, made and widened as the options allow. */
export class Tables {
  readonly #rules: Rules;
  readonly #tables = new Map<string, Table>();
  #hasDeleted = false;

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  /** After an error that may mean that a table is no longer what it was. */
  forget(): void {
    this.#tables.clear();
    this.#hasDeleted = false;
  }

  known(name: string, pkFields: readonly string[]): Table | undefined {
    return this.#tables.get(idOf(name, pkFields));
  }

  /**
   * The table, checked for this key.
   *
   * @param columns those of a row at hand, for a table that has to be made
   * @throws ConfigError when it cannot be written to
   */
  async open(client: PgClient, name: string, pkFields: readonly string[], columns: readonly NewColumn[]): Promise<Table> {
    await this.#openDeleted(client);
    const table = (await readTable(client, name)) ?? (await this.#create(client, name, pkFields, columns));
    const absent = this.#rules.guard ? guardColumns.filter((column) => !table.columns.has(column.name)) : [];
    if (absent.length > 0 && this.#rules.autoEvolve) return this.widen(client, table, pkFields, absent);
    return this.#keep(table, pkFields);
  }

  /** Checks a table that is there before the first event; one that has to be made is made later. */
  async check(client: PgClient, name: string, pkFields: readonly string[] | undefined): Promise<void> {
    await this.#openDeleted(client);
    const table = await readTable(client, name);
    if (table === undefined && !this.#rules.autoCreate) throw missing(name);
    if (table !== undefined && pkFields !== undefined) await this.open(client, name, pkFields, []);
  }

  async widen(client: PgClient, table: Table, pkFields: readonly string[], columns: readonly NewColumn[]): Promise<Table> {
    await changeTables(client, addColumns(table.quoted, columns));
    return this.#keep((await readTable(client, table.name)) ?? table, pkFields);
  }

  async #create(client: PgClient, name: string, pkFields: readonly string[], columns: readonly NewColumn[]): Promise<Table> {
    if (!this.#rules.autoCreate) throw missing(name);
    const all = [...columns, ...(this.#rules.guard ? guardColumns : [])];
    await changeTables(client, createTable(quotedTable(name), all, pkFields));
    const table = await readTable(client, name);
    if (table === undefined) throw missing(name);
    return table;
  }

  async #openDeleted(client: PgClient): Promise<void> {
    if (this.#hasDeleted || !this.#rules.guard) return;
    const found = await client.query(`select to_regclass('"_streamer_deleted"') as there`);
    if (found.rows[0]?.there === null) await changeTables(client, createDeleted);
    this.#hasDeleted = true;
  }

  #keep(table: Table, pkFields: readonly string[]): Table {
    checkTable(table, pkFields, this.#rules.guard);
    this.#tables.set(idOf(table.name, pkFields), table);
    return table;
  }
}

function idOf(name: string, pkFields: readonly string[]): string {
  return JSON.stringify([name, ...pkFields]);
}

function missing(name: string): ConfigError {
  return new ConfigError(`there is no table ${name}`, { next: 'Create it, or set autoCreate: true to have it made from the first event.' });
}
