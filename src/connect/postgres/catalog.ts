import type { Database } from './database.ts';
import type { CatalogTable } from './events/table.ts';
import type { Relation } from './pgoutput/message.ts';
import type { PgType } from './types/field-type.ts';

const TYPES = `select t.oid, t.typname, n.nspname, t.typcategory, t.typelem, t.typbasetype, t.typtypmod,
    (select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid)
  from pg_type t join pg_namespace n on n.oid = t.typnamespace where n.nspname <> 'pg_toast'`;

/** Changes when a type or a label of an enum is added, renamed or dropped. */
const TYPES_VERSION = `(select count(*) || ':' || coalesce(max(oid::bigint), 0) from pg_type) || ':' ||
  (select coalesce(md5(string_agg(enumtypid || ',' || enumsortorder || ',' || enumlabel, ';' order by oid)), '') from pg_enum)`;

/**
 * Columns with what the log leaves out, and the key: of the primary key, else of the first unique index by name, with what that one
 * includes, as Debezium has it.
 */
const TABLES = `select c.oid, ${TYPES_VERSION},
    (select coalesce(json_agg(json_build_array(a.attname, a.attnotnull or (t.typtype = 'd' and t.typnotnull),
        case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end) order by a.attnum), '[]')
      from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
    (select json_agg(a.attname order by k.place)
      from (select i.* from pg_index i join pg_class ic on ic.oid = i.indexrelid
        where i.indrelid = c.oid and i.indisunique and i.indexprs is null
        order by i.indisprimary desc, i.indisclustered desc, ic.relname limit 1) i
      cross join lateral unnest(i.indkey[0 : case when i.indisprimary then i.indnkeyatts else i.indnatts end - 1]) with ordinality k(attnum, place)
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum)
  from pg_class c where c.oid = any ($1::oid[])`;

export interface CatalogEntry extends CatalogTable {
  /** Equal texts mean an unchanged entry. */
  readonly version: string;
}

/** Reads what the log does not say, from the server as it is now. */
export class Catalog {
  readonly #database: Database;
  #types: ReadonlyMap<number, PgType> = new Map();
  #typesVersion: string | null = null;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Types as of the last call of `tables`. A new object when something changed. */
  get types(): ReadonlyMap<number, PgType> {
    return this.#types;
  }

  /** Tables that exist no more are absent. */
  async tables(oids: readonly number[]): Promise<Map<number, CatalogEntry>> {
    const rows = await this.#database.rows(TABLES, [`{${oids.join(',')}}`]);
    const version = rows[0]?.[1] ?? (await this.#database.value(`select ${TYPES_VERSION}`));
    if (version !== this.#typesVersion) await this.#readTypes(version);
    return new Map(rows.map(([oid, , columns, key]) => [Number(oid), entry(columns ?? '[]', key ?? '[]')]));
  }

  /** A relation as the log would describe it, for the snapshot. Columns that are generated are not published. */
  async relation(schema: string, table: string): Promise<Relation | undefined> {
    const rows = await this.#database.rows(
      `select c.oid, c.relreplident, a.attname, a.atttypid, a.atttypmod from pg_class c join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       where n.nspname = $1 and c.relname = $2 order by a.attnum`,
      [schema, table],
    );
    const [first] = rows;
    if (first === undefined) return undefined;
    const columns = rows.map(([, , name, oid, modifier]) => ({
      isKey: false,
      name: name!,
      typeOid: Number(oid),
      typeModifier: Number(modifier),
    }));
    return { kind: 'relation', id: Number(first[0]), schema, table, identity: first[1]!, columns, bytes: Buffer.alloc(0) };
  }

  async #readTypes(version: string | null): Promise<void> {
    const rows = await this.#database.rows(TYPES);
    this.#types = new Map(rows.map((row) => [Number(row[0]), pgType(row)]));
    this.#typesVersion = version;
  }
}

function entry(columns: string, key: string): CatalogEntry {
  const parsed = JSON.parse(columns) as Array<[string, boolean, string | null]>;
  return {
    version: `${columns}${key}`,
    columns: new Map(parsed.map(([name, isRequired, expression]) => [name, { isRequired, default: expression }])),
    key: JSON.parse(key) as string[],
  };
}

function pgType([oid, name, schema, category, element, base, modifier, labels]: ReadonlyArray<string | null>): PgType {
  return {
    oid: Number(oid),
    name: name!,
    schema: schema!,
    category: category!,
    element: Number(element),
    base: Number(base),
    modifier: Number(modifier),
    labels: labels === null || labels === undefined ? undefined : (JSON.parse(labels) as string[]),
  };
}
