import { ConfigError } from '../../errors.ts';
import type { PgClient } from './client.ts';
import type { ColumnKind } from './column-kind.ts';
import { guardColumns } from './guard.ts';
import { literal, quoted, quotedTable } from './sql-names.ts';

export interface Column extends ColumnKind {
  /** To be cast to, in quotes: with a length or scale a cast would cut silently where the column refuses. */
  readonly cast: string;
  /** An insert has to give it. */
  readonly isRequired: boolean;
  /** Computed by the table, always. */
  readonly isGenerated: boolean;
  /** `generated always as identity`: an insert may give it, an update may not change it. */
  readonly isIdentity: boolean;
}

/** A table as the catalog described it when it was read. */
export interface Table {
  /** As it was given. */
  readonly name: string;
  /** For SQL. */
  readonly quoted: string;
  readonly columns: ReadonlyMap<string, Column>;
  /** Sets of columns with a unique index that an upsert can go by. */
  readonly uniques: ReadonlyArray<readonly string[]>;
  /** Another one means that the table has changed, or was replaced; see `signatureOf`. */
  readonly signature: string;
}

const COLUMNS = `
select a.attname as name, coalesce(b.typname, e.typname, t.typname) as type, coalesce(be.typname, e.typname) is not null as is_array,
  be.typname as base_element, tn.nspname as cast_schema, t.typname as cast_type,
  a.attnotnull and not a.atthasdef and a.attidentity = '' as is_required, a.attgenerated <> '' as is_generated,
  a.attidentity = 'a' as is_identity, case when t.typtype = 'd' then t.typtypmod else a.atttypmod end as modifier
from pg_catalog.pg_attribute a
join pg_catalog.pg_type t on t.oid = a.atttypid
join pg_catalog.pg_namespace tn on tn.oid = t.typnamespace
left join pg_catalog.pg_type b on t.typtype = 'd' and b.oid = t.typbasetype
left join pg_catalog.pg_type e on t.typcategory = 'A' and t.typtype <> 'd' and e.oid = t.typelem
left join pg_catalog.pg_type be on b.typcategory = 'A' and be.oid = b.typelem
where a.attrelid = pg_catalog.to_regclass($1) and a.attnum > 0 and not a.attisdropped
order by a.attnum`;

const UNIQUES = `
select array_agg(a.attname::text) as names
from pg_catalog.pg_index i
cross join lateral unnest(i.indkey[0:i.indnkeyatts - 1]) as k(attnum)
join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
where i.indrelid = pg_catalog.to_regclass($1) and i.indisunique and i.indisvalid and i.indimmediate and i.indpred is null and i.indexprs is null
group by i.indexrelid`;

/** SQL: a text that changes with the table's columns, their types and its indexes; null when there is no such table. */
export function signatureOf(name: string): string {
  return `(select md5(string_agg(concat_ws(' ', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.atthasdef, a.attidentity,
    a.attgenerated), ',' order by a.attnum) || c.oid || (select coalesce(string_agg(concat_ws(' ', i.indexrelid, i.indisvalid), ','
    order by i.indexrelid), '') from pg_catalog.pg_index i where i.indrelid = c.oid))
    from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.oid = pg_catalog.to_regclass(${literal(quotedTable(name))}) group by c.oid)`;
}

/** @returns undefined when there is no such table */
export async function readTable(client: PgClient, name: string): Promise<Table | undefined> {
  // First: a change that comes between this and the columns is seen at the first write.
  const signature = await client.query(`select ${signatureOf(name)} as signature`);
  const columns = await client.query(COLUMNS, [quotedTable(name)]);
  if (columns.rows.length === 0) return undefined;
  const uniques = await client.query(UNIQUES, [quotedTable(name)]);
  return {
    name,
    quoted: quotedTable(name),
    columns: new Map(columns.rows.map((row) => [String(row.name), columnOf(row)])),
    uniques: uniques.rows.map(({ names }) => (Array.isArray(names) ? names.map(String) : [])),
    signature: String(signature.rows[0]?.signature),
  };
}

function columnOf(row: Readonly<Record<string, unknown>>): Column {
  return {
    name: String(row.name),
    type: String(row.base_element ?? row.type),
    isArray: row.is_array === true,
    cast: `${quoted(String(row.cast_schema))}.${quoted(String(row.cast_type))}`,
    isRequired: row.is_required === true,
    isGenerated: row.is_generated === true,
    isIdentity: row.is_identity === true,
    modifier: Number(row.modifier),
  };
}

/** @throws ConfigError with the SQL that fixes it, when rows cannot be written by this key */
export function checkTable(table: Table, pkFields: readonly string[], guard: boolean): void {
  const problems: string[] = [];
  const sql: string[] = [];
  const missing = pkFields.filter((name) => !table.columns.has(name));
  if (missing.length > 0) problems.push(`table ${table.name} has no column ${missing.join(', ')}, which names its rows (pkFields)`);
  else if (!table.uniques.some((names) => names.length === pkFields.length && names.every((name) => pkFields.includes(name)))) {
    problems.push(`table ${table.name} has no unique index on ${pkFields.join(', ')}, by which rows are written (pkFields)`);
    sql.push(`create unique index on ${table.quoted} (${pkFields.map(quoted).join(', ')});`);
  }
  const absent = guard ? guardColumns.filter(({ name }) => !table.columns.has(name)) : [];
  if (absent.length > 0) {
    problems.push(`table ${table.name} lacks the columns that guard it against older events: ${absent.map(({ name }) => name).join(', ')}`);
    sql.push(addColumns(table.quoted, absent));
  }
  if (problems.length > 0) {
    throw new ConfigError(problems, { next: [`Run, or set autoEvolve (or guard: false):`, ...sql].join('\n  ') });
  }
}

export function addColumns(table: string, columns: ReadonlyArray<{ readonly name: string; readonly type: string }>): string {
  return `alter table ${table} ${columns.map(({ name, type }) => `add column if not exists ${quoted(name)} ${type}`).join(', ')};`;
}

export function createTable(
  table: string,
  columns: ReadonlyArray<{ readonly name: string; readonly type: string }>,
  pkFields: readonly string[],
): string {
  const lines = columns.map(({ name, type }) => `${quoted(name)} ${type}`);
  return `create table if not exists ${table} (${[...lines, `primary key (${pkFields.map(quoted).join(', ')})`].join(', ')});`;
}

/** One worker after the other: two that create the same thing at once fail, in spite of `if not exists`. */
export async function changeTables(client: PgClient, ...statements: readonly string[]): Promise<void> {
  const lock = `select pg_advisory_xact_lock(hashtext(${literal('streamer: tables')}));`;
  await client.query(['begin;', lock, ...statements, 'commit;'].join('\n')).catch(async (error: unknown) => {
    await client.query('rollback').catch(() => {});
    throw error;
  });
}
