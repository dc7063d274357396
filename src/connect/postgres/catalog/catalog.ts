import type { CatalogColumn, CatalogTable } from '../events/table.ts';
import type { Relation } from '../pgoutput/message.ts';
import type { Database, Row } from '../server/database.ts';
import type { TableName } from '../server/sql.ts';
import type { PgType } from '../types/field-type.ts';

const TYPES = `select t.oid, t.typname, n.nspname, t.typcategory, t.typelem, t.typbasetype, t.typtypmod
  from pg_type t join pg_namespace n on n.oid = t.typnamespace where n.nspname <> 'pg_toast'`;
const LABELS = 'select enumtypid, enumlabel from pg_enum order by enumtypid, enumsortorder';

/** Changes when a type or a label of an enum is added, renamed or dropped. */
const TYPES_VERSION = `(select count(*) || ':' || coalesce(max(oid::bigint), 0) from pg_type) || ':' ||
  (select coalesce(md5(string_agg(enumtypid || ',' || enumsortorder || ',' || enumlabel, ';' order by oid)), '') from pg_enum)`;

/**
 * What the log leaves out, a row for each column and for each part of the key. The key is that of the primary key, else of the first
 * unique index by name, with the columns which that one includes, as Debezium has it.
 */
const TABLES = `select 'version', null, null, ${TYPES_VERSION}, null, 0
  union all
  select 'column', a.attrelid, a.attname, case when a.attnotnull or (t.typtype = 'd' and t.typnotnull) then 't' else 'f' end,
      pg_get_expr(d.adbin, d.adrelid), a.attnum
    from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = any ($1::oid[]) and a.attnum > 0 and not a.attisdropped
  union all
  select 'key', a.attrelid, a.attname, null, null, k.place
    from unnest($1::oid[]) c(oid)
    cross join lateral (select i.* from pg_index i join pg_class ic on ic.oid = i.indexrelid
      where i.indrelid = c.oid and i.indisunique and i.indexprs is null
      order by i.indisprimary desc, i.indisclustered desc, ic.relname limit 1) i
    cross join lateral unnest(i.indkey[0 : case when i.indisprimary then i.indnkeyatts else i.indnatts end - 1]) with ordinality k(attnum, place)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
  order by 6`;

export interface CatalogEntry extends CatalogTable {
  /** Equal texts mean an unchanged entry. */
  readonly version: string;
}

/** Reads what the log leaves out, from the server as it is now. */
export class Catalog {
  readonly #database: Database;
  #types: ReadonlyMap<number, PgType> = new Map();
  #typesVersion: string | null = null;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Types as of the last call of `tables`. A new object when a type has changed. */
  get types(): ReadonlyMap<number, PgType> {
    return this.#types;
  }

  /** Returns the entries of tables. A table that does not exist any more is absent. */
  async tables(oids: readonly number[]): Promise<Map<number, CatalogEntry>> {
    const rows = await this.#database.rows(TABLES, [`{${oids.join(',')}}`]);
    const version = rows.find(([kind]) => kind === 'version')?.[3] ?? null;
    if (version !== this.#typesVersion) await this.#readTypes(version);
    const entries = oids.map((oid) => [oid, rows.filter((row) => row[1] === String(oid))] as const);
    return new Map(entries.filter(([, own]) => own.length > 0).map(([oid, own]) => [oid, entryOf(own)]));
  }

  /** Returns a relation as the log would describe it, with all columns, for the snapshot. */
  async relation({ schema, name }: TableName): Promise<Relation | undefined> {
    const rows = await this.#database.rows(
      `select c.oid, c.relreplident, a.attname, a.atttypid, a.atttypmod from pg_class c join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       where n.nspname = $1 and c.relname = $2 order by a.attnum`,
      [schema, name],
    );
    const [first] = rows;
    if (first === undefined) return undefined;
    const columns = rows.map(([, , column, oid, modifier]) => ({
      isKey: false,
      name: column ?? '',
      typeOid: Number(oid),
      typeModifier: Number(modifier),
    }));
    return { kind: 'relation', id: Number(first[0]), schema, table: name, identity: first[1] ?? '', columns, bytes: Buffer.alloc(0) };
  }

  async #readTypes(version: string | null): Promise<void> {
    const [types, labels] = [await this.#database.rows(TYPES), await this.#database.rows(LABELS)];
    const byType = new Map<number, string[]>();
    for (const [oid, label] of labels) byType.set(Number(oid), [...(byType.get(Number(oid)) ?? []), label ?? '']);
    this.#types = new Map(types.map((row) => [Number(row[0]), pgType(row, byType.get(Number(row[0])))]));
    this.#typesVersion = version;
  }
}

function entryOf(rows: readonly Row[]): CatalogEntry {
  const columns = new Map<string, CatalogColumn>();
  const key: string[] = [];
  for (const [kind, , name, isRequired, expression] of rows) {
    if (kind === 'key') key.push(name ?? '');
    else columns.set(name ?? '', { isRequired: isRequired === 't', default: expression ?? null });
  }
  return { version: JSON.stringify(rows), columns, key };
}

function pgType([oid, name, schema, category, element, base, modifier]: Row, labels: readonly string[] | undefined): PgType {
  return {
    oid: Number(oid),
    name: name ?? '',
    schema: schema ?? '',
    category: category ?? '',
    element: Number(element),
    base: Number(base),
    modifier: Number(modifier),
    labels,
  };
}
