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
   * @returns undefined for an event that changes nothing
   * @throws SerdeError for an event that does not fit, ConfigError for a table that cannot be written to, or what the server says
   */
  async of(client: PgClient, event: Event<K, V>, at: number): Promise<Entry | undefined> {
    const name = tableName(this.#plan.table, event);
    const change = await this.#change(client, event, name);
    if (change === undefined || (change.row === undefined && !this.#plan.deleteEnabled)) return undefined;
    const pkFields = this.#plan.pkFields ?? Object.keys(change.key);
    const cells = cellsOf(change, pkFields, this.#plan.fields);
    const table = await this.#open(client, name, pkFields, cells);
    const texts = this.#rowTexts(table).of(cells, pkFields);
    const key = JSON.stringify(pkFields.map((field) => texts.values[texts.columns.findIndex((column) => column.name === field)]));
    return {
      at,
      table,
      pkFields,
      isDelete: change.row === undefined,
      texts,
      row: `${name}\u0000${key}`,
      key,
      source: `${event.topic}[${event.partition}]`,
      offset: event.offset,
      server: change.position?.server,
      lsn: change.position?.lsn,
    };
  }

  /** Of the names in a value only the table knows which are columns: a field `__deleted` is a mark where there is no such column. */
  async #change(client: PgClient, event: Event<K, V>, table: string): Promise<Change | undefined> {
    const change = changeOf(event, this.#rules);
    if (change?.hasMark !== true || !(await this.tables.hasColumn(client, table, '__deleted'))) return change;
    return changeOf(event, { ...this.#rules, marks: false });
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
