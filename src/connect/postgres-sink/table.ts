import { ConfigError } from '../../errors.ts';
import type { PgClient } from './client.ts';
import { guardColumns } from './guard.ts';
import { literal, quoted, quotedTable } from './sql-names.ts';
import type { ColumnKind } from './value-text.ts';

export interface Column extends ColumnKind {
  /** To be cast to, in quotes: with a length or scale a cast would cut in silence where the column refuses. */
  readonly cast: string;
  /** An insert has to give it. */
  readonly isRequired: boolean;
  /** Computed by the table. */
  readonly isGenerated: boolean;
}

/** A table as the catalog describes it. */
export interface Table {
  /** As it was given. */
  readonly name: string;
  /** For SQL. */
  readonly quoted: string;
  readonly columns: ReadonlyMap<string, Column>;
  /** Sets of columns with a unique index that an upsert can go by. */
  readonly uniques: ReadonlyArray<readonly string[]>;
}

const COLUMNS = `
select a.attname as name, coalesce(b.typname, e.typname, t.typname) as type, coalesce(be.typname, e.typname) is not null as is_array,
  be.typname as base_element, tn.nspname as cast_schema, t.typname as cast_type,
  a.attnotnull and not a.atthasdef and a.attidentity = '' as is_required, a.attgenerated <> '' as is_generated
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

/** @returns undefined when there is no such table */
export async function readTable(client: PgClient, name: string): Promise<Table | undefined> {
  const columns = await client.query(COLUMNS, [quotedTable(name)]);
  if (columns.rows.length === 0) return undefined;
  const uniques = await client.query(UNIQUES, [quotedTable(name)]);
  return {
    name,
    quoted: quotedTable(name),
    columns: new Map(columns.rows.map((row) => [String(row.name), columnOf(row)])),
    uniques: uniques.rows.map((row) => row.names as string[]),
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
  };
}

/** @throws ConfigError with the SQL that mends it, when rows cannot be written by this key */
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

/** Two workers that make the same thing at once fail, in spite of `if not exists`: one after the other. */
export async function changeTables(client: PgClient, ...statements: readonly string[]): Promise<void> {
  const lock = `select pg_advisory_xact_lock(hashtext(${literal('streamer: tables')}));`;
  await client.query(['begin;', lock, ...statements, 'commit;'].join('\n')).catch(async (error: unknown) => {
    await client.query('rollback').catch(() => {});
    throw error;
  });
}
