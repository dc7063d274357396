import type { CatalogEntry } from './catalog.ts';
import { Table } from './events/table.ts';
import type { TableName } from './options.ts';
import type { Relation } from './pgoutput/message.ts';
import type { PgType, TypeOptions } from './types/field-type.ts';
import { TypeResolver } from './types/resolve.ts';

/** Where the registry learns what the log does not say. */
export interface TableCatalog {
  readonly types: ReadonlyMap<number, PgType>;
  tables(oids: readonly number[]): Promise<Map<number, CatalogEntry>>;
}

interface Known {
  readonly relation: Buffer;
  readonly version: string;
  readonly types: ReadonlyMap<number, PgType>;
  readonly table: Table;
}

/** Which tables the log speaks of, by their number there; each is worked out once for each of its forms. */
export class TableRegistry {
  readonly #catalog: TableCatalog;
  readonly #options: TypeOptions;
  readonly #prefix: string;
  readonly #isCaptured: (table: TableName) => boolean | Promise<boolean>;
  readonly #known = new Map<number, Known>();
  readonly #tables = new Map<number, Table | undefined>();

  constructor(catalog: TableCatalog, options: TypeOptions, prefix: string, isCaptured: (table: TableName) => boolean | Promise<boolean>) {
    this.#catalog = catalog;
    this.#options = options;
    this.#prefix = prefix;
    this.#isCaptured = isCaptured;
  }

  /** Of a change's relation; absent when the table is not among those that are captured. */
  get(id: number): Table | undefined {
    return this.#tables.get(id);
  }

  /** Takes up a relation message, which comes before the first change of a table and after each change of its form. */
  async define(relation: Relation): Promise<Table | undefined> {
    const { id } = relation;
    if (!(await this.#isCaptured({ schema: relation.schema, name: relation.table }))) {
      this.#tables.set(id, undefined);
      return undefined;
    }
    const entry = (await this.#catalog.tables([id])).get(id) ?? GONE;
    const { types } = this.#catalog;
    let known = this.#known.get(id);
    if (known === undefined || known.version !== entry.version || known.types !== types || !known.relation.equals(relation.bytes)) {
      const table = new Table(relation, entry, types, new TypeResolver(types, this.#options), this.#prefix);
      known = { relation: relation.bytes, version: entry.version, types, table };
      this.#known.set(id, known);
    }
    this.#tables.set(id, known.table);
    return known.table;
  }
}

/** A table that was dropped since: what the log says is all there is. */
const GONE: CatalogEntry = { version: '', columns: new Map(), key: [] };
