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

const ABSENT_MS = 100;

/** The tables that are written to, read from the catalog until they change, created and widened as the options allow. */
export class Tables {
  readonly #rules: Rules;
  readonly #tables = new Map<string, Table>();
  /** Tables that were missing a moment ago: the events of one batch do not each look again. */
  readonly #absent = new Map<string, number>();
  #hasDeleted = false;

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  /** After an error that may mean that a table is no longer what it was. */
  forget(): void {
    this.#tables.clear();
    this.#absent.clear();
    this.#hasDeleted = false;
  }

  /** Every table that is known. */
  all(): Table[] {
    return [...new Set(this.#tables.values())];
  }

  async hasColumn(client: PgClient, name: string, column: string): Promise<boolean> {
    const known = this.all().find((table) => table.name === name) ?? (await readTable(client, name));
    return known?.columns.has(column) === true;
  }

  known(name: string, pkFields: readonly string[]): Table | undefined {
    return this.#tables.get(idOf(name, pkFields));
  }

  /**
   * The table, checked for this key.
   *
   * @param columns those of a row at hand, for a table that has to be created
   * @throws ConfigError when it cannot be written to
   */
  async open(client: PgClient, name: string, pkFields: readonly string[], columns: readonly NewColumn[]): Promise<Table> {
    if ((this.#absent.get(name) ?? 0) > Date.now()) throw missing(name);
    await this.#openDeleted(client);
    const table = (await readTable(client, name)) ?? (await this.#create(client, name, pkFields, columns));
    const absent = this.#rules.guard ? guardColumns.filter((column) => !table.columns.has(column.name)) : [];
    if (absent.length > 0 && this.#rules.autoEvolve) return this.widen(client, table, pkFields, absent);
    return this.#keep(table, pkFields);
  }

  /** Checks an existing table before the first event; one that has to be created is created later. */
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
    if (!this.#rules.autoCreate) {
      this.#absent.set(name, Date.now() + ABSENT_MS);
      throw missing(name);
    }
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
  return new ConfigError(`there is no table ${name}`, {
    next: 'Create it, or set autoCreate: true to have it created from the first event.',
  });
}
