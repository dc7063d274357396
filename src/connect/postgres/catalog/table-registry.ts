import { StreamerError } from '../../../errors.ts';
import { Table } from '../events/table.ts';
import type { Relation } from '../pgoutput/message.ts';
import { shownTable, type TableName } from '../server/sql.ts';
import type { PgType, TypeOptions } from '../types/field-type.ts';
import { TypeResolver } from '../types/resolve.ts';
import type { CatalogEntry } from './catalog.ts';

// A relation that comes again with the same bytes may still be another table: its defaults, its key and its enum's labels are not in
// it. The catalogue is read with it each time.

/** Answers what the log leaves out. */
export interface TableCatalog {
  readonly types: ReadonlyMap<number, PgType>;
  tables(oids: readonly number[]): Promise<Map<number, CatalogEntry>>;
}

/** The tables by their number in the catalogue, with the names that they had when the log ended at a position. */
export interface TableIdentities {
  readonly tables: ReadonlyMap<number, TableName>;
  readonly until: bigint;
}

interface Known {
  readonly relation: Buffer;
  readonly entry: CatalogEntry;
  readonly types: ReadonlyMap<number, PgType>;
  readonly table: Table;
}

/** The tables of the log, by their number there, in the form that they have now. */
export class TableRegistry {
  readonly #catalog: TableCatalog;
  readonly #options: TypeOptions;
  readonly #prefix: string;
  readonly #isCaptured: (table: TableName) => boolean | Promise<boolean>;
  readonly #identities: TableIdentities | undefined;
  readonly #known = new Map<number, Known>();
  readonly #tables = new Map<number, Table | undefined>();
  /** Which table writes to a topic. */
  readonly #topics = new Map<string, string>();

  constructor(
    catalog: TableCatalog,
    options: TypeOptions,
    prefix: string,
    isCaptured: (table: TableName) => boolean | Promise<boolean>,
    identities?: TableIdentities,
  ) {
    this.#identities = identities;
    this.#catalog = catalog;
    this.#options = options;
    this.#prefix = prefix;
    this.#isCaptured = isCaptured;
  }

  /** Returns the table of a change's relation, or undefined when it is not captured. */
  get(id: number): Table | undefined {
    return this.#tables.get(id);
  }

  /**
   * Takes a relation message, which comes before the first change of a table and after each change of its form.
   *
   * @param lsn the message's position in the log
   * @throws StreamerError when another table writes to the same topic
   */
  async define(described: Relation, lsn = 0n): Promise<Table | undefined> {
    const relation = this.#named(described, lsn);
    const table = (await this.#isCaptured({ schema: relation.schema, name: relation.table })) ? await this.#form(relation) : undefined;
    if (table !== undefined) this.#claimTopic(table);
    this.#tables.set(relation.id, table);
    return table;
  }

  /** A table that had another name for a while: the log has that name, and its rows belong to the table all the same. */
  #named(relation: Relation, lsn: bigint): Relation {
    const own = this.#identities !== undefined && lsn <= this.#identities.until ? this.#identities.tables.get(relation.id) : undefined;
    return own === undefined ? relation : { ...relation, schema: own.schema, table: own.name };
  }

  async #form(relation: Relation): Promise<Table> {
    const { id } = relation;
    const known = this.#known.get(id);
    // Of a table that was dropped since, what was known before still holds for its changes in the log.
    const entry = (await this.#catalog.tables([id])).get(id) ?? known?.entry ?? GONE;
    const { types } = this.#catalog;
    if (known?.entry.version === entry.version && known.types === types && known.relation.equals(relation.bytes)) return known.table;
    const table = new Table(relation, entry, types, new TypeResolver(types, this.#options), this.#prefix);
    this.#known.set(id, { relation: relation.bytes, entry, types, table });
    return table;
  }

  #claimTopic({ topic, schema, name }: Table): void {
    const own = shownTable({ schema, name });
    const other = this.#topics.get(topic);
    if (other !== undefined && other !== own) {
      throw new StreamerError('REFUSED', `${other} and ${own} would both be written to the topic ${topic}, under the same keys`, {
        next: 'Rename one of the tables, or give each a source of its own with another prefix.',
      });
    }
    this.#topics.set(topic, own);
  }
}

/** A table that was dropped before its changes were read: only the log describes it. */
const GONE: CatalogEntry = { version: '', columns: new Map(), key: [] };
