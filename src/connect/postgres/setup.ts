import { StreamerError } from '../../errors.ts';
import { type Database, identifier, sqlState } from './database.ts';
import type { ResolvedOptions, TableName } from './options.ts';

/** A table as the publication gives it: a partition, or the root where partitions are published as it. */
export interface PublishedTable extends TableName {
  /** Columns and rows that are published, where the publication names them (PostgreSQL 15). */
  readonly columns: readonly string[] | undefined;
  readonly filter: string | undefined;
}

/** Makes or extends the publication and checks what the server needs. @throws StreamerError with the SQL to run */
export async function preparePublication(database: Database, options: ResolvedOptions): Promise<PublishedTable[]> {
  await checkServer(database);
  await checkTables(database, options.tables);
  const { publication } = options;
  const exists = (await database.rows('select from pg_publication where pubname = $1', [publication])).length > 0;
  const names = options.tables.map(qualified).join(', ');
  if (!exists) {
    await administer(database, `create publication ${identifier(publication)} for table ${names} with (publish_via_partition_root = true)`);
  }
  let published = await publishedTables(database, options);
  const missing = missingFrom(published, options.tables);
  if (missing.length > 0) {
    await administer(database, `alter publication ${identifier(publication)} add table ${missing.map(qualified).join(', ')}`);
    published = await publishedTables(database, options);
  }
  return published.map(({ of: _, ...table }) => table);
}

async function checkServer(database: Database): Promise<void> {
  const version = Number(await database.value('show server_version_num'));
  if (version < 130_000)
    throw new StreamerError('REFUSED', `the server is PostgreSQL ${Math.floor(version / 10_000)}; 13 or later is needed`);
  const level = await database.value('show wal_level');
  if (level !== 'logical') {
    throw new StreamerError('REFUSED', `the server's wal_level is "${level}": its log has no changes to read`, {
      next: `Run this as a superuser, then restart the server:  alter system set wal_level = 'logical';`,
    });
  }
}

async function checkTables(database: Database, tables: readonly TableName[]): Promise<void> {
  for (const table of tables) {
    const [found] = await database.rows(
      'select c.relkind, c.relpersistence from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2',
      [table.schema, table.name],
    );
    if (found === undefined) throw new StreamerError('REFUSED', `there is no table ${qualified(table)}`);
    if (!['r', 'p'].includes(found[0]!) || found[1] !== 'p')
      throw new StreamerError('REFUSED', `${qualified(table)} is not an ordinary table: its changes are not in the log`);
  }
}

/** Those of the wanted tables, and their partitions, that the publication gives. */
async function publishedTables(
  database: Database,
  { publication, tables }: ResolvedOptions,
): Promise<Array<PublishedTable & { of: TableName }>> {
  const rows = await database.rows('select to_json(t) from pg_publication_tables t where pubname = $1 order by schemaname, tablename', [
    publication,
  ]);
  const given = rows.map(
    ([text]) => JSON.parse(text!) as { schemaname: string; tablename: string; attnames?: string[]; rowfilter?: string | null },
  );
  const result: Array<PublishedTable & { of: TableName }> = [];
  for (const { schemaname, tablename, attnames, rowfilter } of given) {
    const names = await withAncestors(database, { schema: schemaname, name: tablename });
    const of = tables.find((wanted) => names.some((each) => isSame(each, wanted)));
    if (of !== undefined) result.push({ schema: schemaname, name: tablename, columns: attnames, filter: rowfilter ?? undefined, of });
  }
  return result;
}

/** The table and, when it is a partition, what it is a partition of. */
async function withAncestors(database: Database, { schema, name }: TableName): Promise<TableName[]> {
  const rows = await database.rows(
    `select n.nspname, c.relname from pg_partition_ancestors(to_regclass(format('%I.%I', $1::text, $2::text))) a
       join pg_class c on c.oid = a.relid join pg_namespace n on n.oid = c.relnamespace`,
    [schema, name],
  );
  return [{ schema, name }, ...rows.map(([ofSchema, ofName]) => ({ schema: ofSchema!, name: ofName! }))];
}

/**
 * Is a table, by its name in the log, one that is wanted? Partitions may come into being at any time, so those that were not there at the
 * start are looked up.
 */
export function capturedBy(database: Database, wanted: readonly TableName[], known: readonly TableName[]) {
  return async (table: TableName): Promise<boolean> => {
    if (known.some((each) => isSame(each, table))) return true;
    const names = await withAncestors(database, table);
    return names.some((name) => wanted.some((each) => isSame(each, name)));
  };
}

function missingFrom(published: ReadonlyArray<{ of: TableName }>, wanted: readonly TableName[]): TableName[] {
  return wanted.filter((table) => !published.some(({ of }) => isSame(of, table)));
}

/** Runs what may need more rights than the role has. */
async function administer(database: Database, sql: string): Promise<void> {
  try {
    await database.rows(sql);
  } catch (error) {
    throw needsRights(error, [`${sql};`]) ?? error;
  }
}

/** The error with the statements that somebody with the rights has to run; absent when it is about something else. */
export function needsRights(error: unknown, statements: readonly string[]): StreamerError | undefined {
  if (sqlState(error) !== '42501') return undefined;
  return new StreamerError('REFUSED', (error as Error).message, {
    cause: error,
    next: `Have the owner of the tables, or a superuser, run:  ${statements.join('  ')}`,
  });
}

export function qualified({ schema, name }: TableName): string {
  return `${identifier(schema)}.${identifier(name)}`;
}

function isSame(a: TableName, b: TableName): boolean {
  return a.schema === b.schema && a.name === b.name;
}

/** What a role lacks to make a slot. */
export function replicationGrant(role: string): string {
  return `alter role ${identifier(role)} replication;`;
}

/** What a role lacks to read all rows of a table. @param message the server's, which tells hidden rows from no rights at all */
export function readingGrants(role: string, table: TableName, message: string): string[] {
  if (message.includes('row-level security')) return [`alter role ${identifier(role)} bypassrls;`];
  return [
    `grant usage on schema ${identifier(table.schema)} to ${identifier(role)};`,
    `grant select on ${qualified(table)} to ${identifier(role)};`,
  ];
}
