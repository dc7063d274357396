import { DELETED, guardColumns, isSamePartition, isStale } from './guard.ts';
import { literal, quoted } from './sql-names.ts';
import type { Column, Table } from './table.ts';

/** One statement; its parameters are arrays with one element per row, one array per column. */
export interface Statement {
  readonly text: string;
  /** Columns whose texts are the first parameters; with a guard, sources, offsets and log positions follow. */
  readonly columns: readonly Column[];
}

const GUARDS = guardColumns.map(({ name }) => quoted(name));

/**
 * Writes rows that have these columns. A row without a column that an insert must give cannot use `on conflict`: Postgres
 * checks the insert first. It is an update, and an insert (`insertStatement`) of a row that was not there.
 */
export function upsertStatement(table: Table, columns: readonly Column[], pkFields: readonly string[], guard: boolean): Statement {
  const assigned = assignments(columns, pkFields, guard, 'excluded');
  const action =
    assigned.length === 0 ? 'do nothing' : `do update set ${assigned.join(', ')}${guard ? ` where not ${isStale('t', 'excluded')}` : ''}`;
  return { text: `${insert(table, columns, pkFields, guard)}\non conflict (${pkFields.map(quoted).join(', ')}) ${action}`, columns };
}

export function updateStatement(table: Table, columns: readonly Column[], pkFields: readonly string[], guard: boolean): Statement {
  const assigned = assignments(columns, pkFields, guard, 's');
  const text = `with s as (${rows(columns, guard)})
update ${table.quoted} as t set ${assigned.length === 0 ? sameKey(pkFields) : assigned.join(', ')}
from s where ${byKey(pkFields)}${guard ? ` and not ${isStale('t', 's')}` : ''}`;
  return { text, columns };
}

export function insertStatement(table: Table, columns: readonly Column[], pkFields: readonly string[], guard: boolean): Statement {
  const where = `${guard ? 'and' : 'where'} not exists (select from ${table.quoted} as t where ${byKey(pkFields)})`;
  return { text: `${insert(table, columns, pkFields, guard)}\n${where}\non conflict do nothing`, columns };
}

/** @param columns those of the key */
export function deleteStatement(table: Table, columns: readonly Column[], guard: boolean): Statement {
  const pkFields = columns.map(({ name }) => name);
  const removal = `delete from ${table.quoted} as t using s where ${byKey(pkFields)}`;
  if (!guard) return { text: `with s as (${rows(columns, guard)}) ${removal}`, columns };
  const text = `with s as (${rows(columns, guard)}),
noted as (
  insert into ${DELETED} as d ("table", "key", ${GUARDS.join(', ')})
  select ${literal(table.name)}, ${keyOf('s', pkFields)}, ${GUARDS.map((name) => `s.${name}`).join(', ')} from s
  on conflict ("table", "key") do update set ${noted()} where not ${isStale('d', 'excluded')})
${removal} and not ${isStale('t', 's')}`;
  return { text, columns };
}

/** A tombstone does not know the log's position: that of the delete before it stays. */
function noted(): string {
  const [source, offset, lsn] = GUARDS;
  const isTombstone = `excluded.${lsn} is null and d.${lsn} is not null and ${isSamePartition('d', 'excluded')}`;
  return [
    `${source} = case when ${isTombstone} then d.${source} else excluded.${source} end`,
    `${offset} = excluded.${offset}`,
    `${lsn} = case when ${isTombstone} then d.${lsn} else excluded.${lsn} end`,
    '"deleted_at" = now()',
  ].join(', ');
}

function insert(table: Table, columns: readonly Column[], pkFields: readonly string[], guard: boolean): string {
  const names = [...columns.map(({ name }) => quoted(name)), ...(guard ? GUARDS : [])];
  const text = `with s as (${rows(columns, guard)})
insert into ${table.quoted} as t (${names.join(', ')}) overriding system value
select ${names.map((name) => `s.${name}`).join(', ')} from s`;
  if (!guard) return text;
  return `${text}
where not exists (select from ${DELETED} as d where d."table" = ${literal(table.name)} and d."key" = ${keyOf('s', pkFields)} and ${isStale('d', 's')})`;
}

/** Arrays of text, cast element by element: arrays within arrays would be unfolded. */
function rows(columns: readonly Column[], guard: boolean): string {
  const count = columns.length;
  const values = columns.map(({ name, cast }, at) => `u.c${at}::${cast} as ${quoted(name)}`);
  const arrays = columns.map((_, at) => `$${at + 1}::text[]`);
  const names = columns.map((_, at) => `c${at}`);
  if (guard) {
    values.push(`u.s as ${GUARDS[0]}`, `u.o as ${GUARDS[1]}`, `u.l as ${GUARDS[2]}`);
    arrays.push(`$${count + 1}::text[]`, `$${count + 2}::bigint[]`, `$${count + 3}::bigint[]`);
    names.push('s', 'o', 'l');
  }
  return `select ${values.join(', ')} from unnest(${arrays.join(', ')}) as u(${names.join(', ')})`;
}

function assignments(columns: readonly Column[], pkFields: readonly string[], guard: boolean, from: string): string[] {
  const names = columns.filter(({ name }) => !pkFields.includes(name)).map(({ name }) => quoted(name));
  return [...names, ...(guard ? GUARDS : [])].map((name) => `${name} = ${from}.${name}`);
}

function sameKey(pkFields: readonly string[]): string {
  const name = quoted(pkFields[0] ?? '');
  return `${name} = t.${name}`;
}

function byKey(pkFields: readonly string[]): string {
  return pkFields.map((name) => `t.${quoted(name)} = s.${quoted(name)}`).join(' and ');
}

function keyOf(row: string, pkFields: readonly string[]): string {
  return `jsonb_build_array(${pkFields.map((name) => `${row}.${quoted(name)}`).join(', ')})`;
}
