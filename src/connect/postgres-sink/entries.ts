import type { Event } from '../../topics/index.ts';
import type { Entry } from './batch.ts';
import { type Change, type ChangeRules, changeOf } from './change.ts';
import type { PgClient } from './client.ts';
import type { PostgresUpsertPlan } from './options.ts';
import { type Cell, cellsOf, newColumns, RowTexts } from './row.ts';
import type { Table } from './table.ts';
import { Tables } from './tables.ts';

/** Makes entries of events: reads what an event means, opens its table, and writes its values as texts. */
export class Entries<K, V> {
  readonly tables: Tables;
  readonly #plan: PostgresUpsertPlan<K, V>;
  readonly #rules: ChangeRules<K, V>;
  readonly #texts = new WeakMap<Table, RowTexts>();

  constructor(plan: PostgresUpsertPlan<K, V>) {
    const { pkFields, row, values } = plan;
    this.tables = new Tables(plan);
    this.#plan = plan;
    this.#rules = { pkFields, row, values, marks: true };
  }

  /**
   * A promise only where the catalog has to be asked: most events need nothing that is not known.
   *
   * @returns undefined for an event that changes nothing
   * @throws SerdeError for an event that does not fit, ConfigError for a table that cannot be written to, or what the server says
   */
  of(client: PgClient, event: Event<K, V>, at: number): Entry | undefined | Promise<Entry | undefined> {
    const name = tableName(this.#plan.table, event);
    const change = changeOf(event, this.#rules);
    if (change?.hasMark === true) return this.#unmarked(client, event, at, name, change);
    return this.#entryOf(client, event, at, name, change);
  }

  /** Of the names in a value only the table knows which are columns: a field `__deleted` is a mark where there is no such column. */
  async #unmarked(client: PgClient, event: Event<K, V>, at: number, name: string, change: Change): Promise<Entry | undefined> {
    const isColumn = await this.tables.hasColumn(client, name, '__deleted');
    return this.#entryOf(client, event, at, name, isColumn ? changeOf(event, { ...this.#rules, marks: false }) : change);
  }

  #entryOf(
    client: PgClient,
    event: Event<K, V>,
    at: number,
    name: string,
    change: Change | undefined,
  ): Entry | undefined | Promise<Entry | undefined> {
    if (change === undefined || (change.row === undefined && !this.#plan.deleteEnabled)) return undefined;
    const pkFields = this.#plan.pkFields ?? Object.keys(change.key);
    const cells = cellsOf(change, pkFields, this.#plan.fields);
    const known = this.tables.known(name, pkFields);
    const isOpen = known !== undefined && !(this.#plan.autoEvolve && newColumns(cells, known, this.#plan.columns).length > 0);
    if (isOpen) return this.#made(event, at, change, known, pkFields, cells);
    return this.#open(client, name, pkFields, cells).then((table) => this.#made(event, at, change, table, pkFields, cells));
  }

  #made(event: Event<K, V>, at: number, change: Change, table: Table, pkFields: readonly string[], cells: readonly Cell[]): Entry {
    const texts = this.#rowTexts(table).of(cells, pkFields);
    const key = JSON.stringify(pkFields.map((field) => texts.values[texts.columns.findIndex((column) => column.name === field)]));
    return {
      at,
      table,
      pkFields,
      isDelete: change.row === undefined,
      texts,
      row: `${table.name}\u0000${key}`,
      key,
      source: `${event.topic}[${event.partition}]`,
      offset: event.offset,
      server: change.position?.server,
      lsn: change.position?.lsn,
    };
  }

  async #open(client: PgClient, name: string, pkFields: readonly string[], cells: readonly Cell[]): Promise<Table> {
    const { columns: types, autoEvolve } = this.#plan;
    const table =
      this.tables.known(name, pkFields) ?? (await this.tables.open(client, name, pkFields, newColumns(cells, undefined, types)));
    const lacking = autoEvolve ? newColumns(cells, table, types) : [];
    return lacking.length > 0 ? this.tables.widen(client, table, pkFields, lacking) : table;
  }

  #rowTexts(table: Table): RowTexts {
    let texts = this.#texts.get(table);
    if (texts === undefined) this.#texts.set(table, (texts = new RowTexts(table)));
    return texts;
  }
}

function tableName<K, V>(table: PostgresUpsertPlan<K, V>['table'], event: Event<K, V>): string {
  if (typeof table === 'string') return table;
  return table === undefined ? event.topic.replaceAll('.', '_') : table(event);
}
