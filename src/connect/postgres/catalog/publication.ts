import type { Database } from '../server/database.ts';
import { identifier, isSameTable, qualified, type TableName } from '../server/sql.ts';

/** A table as the publication has it: a partition, or the root where partitions are published as their root. */
export interface PublishedTable extends TableName {
  /** The wanted table that it is, or is a partition of. */
  readonly of: TableName;
  /** The column list (PostgreSQL 15); undefined when the publication names none. */
  readonly columns: readonly string[] | undefined;
  /** The row filter (PostgreSQL 15). */
  readonly filter: string | undefined;
}

export interface Publication {
  readonly name: string;
  /** The operations that it publishes, as `op` names them. */
  readonly operations: readonly string[];
  readonly isOwned: boolean;
  readonly tables: readonly PublishedTable[];
  /** Wanted tables that it lacks. */
  readonly missing: readonly TableName[];
}

/** Returns the publication with those of the wanted tables, and their partitions, that it has; undefined when it does not exist. */
export async function readPublication(database: Database, name: string, wanted: readonly TableName[]): Promise<Publication | undefined> {
  const [row] = await database.rows(
    `select concat_ws(',', case when pubinsert then 'c' end, case when pubupdate then 'u' end, case when pubdelete then 'd' end,
       case when pubtruncate then 't' end), pg_has_role(pubowner, 'usage') from pg_publication where pubname = $1`,
    [name],
  );
  if (row === undefined) return undefined;
  const tables = await publishedTables(database, name, wanted);
  const missing = wanted.filter((table) => !tables.some(({ of }) => isSameTable(of, table)));
  const [operations, isOwned] = row;
  return { name, operations: (operations ?? '').split(','), isOwned: isOwned === 't', tables, missing };
}

/** The attributes of a table without a column list are all its columns but those that the log leaves out. */
const HAS_LIST = `exists (select from pg_publication_rel r join pg_publication p on p.oid = r.prpubid
  where p.pubname = t.pubname and r.prattrs is not null
    and (r.prrelid = c.oid or r.prrelid in (select relid from pg_partition_ancestors(c.oid))))`;

/** Before PostgreSQL 15 there are neither column lists nor row filters. */
async function publishedTables(database: Database, publication: string, wanted: readonly TableName[]): Promise<PublishedTable[]> {
  const hasLists = Number(await database.value('show server_version_num')) >= 150_000;
  const lists = hasLists ? `t.rowfilter, case when ${HAS_LIST} then array_to_string(t.attnames, chr(1)) end` : 'null, null';
  const rows = await database.rows(
    `select t.schemaname, t.tablename, ${lists} from pg_publication_tables t
       join pg_namespace n on n.nspname = t.schemaname join pg_class c on c.relnamespace = n.oid and c.relname = t.tablename
     where t.pubname = $1 order by t.schemaname, t.tablename`,
    [publication],
  );
  const result: PublishedTable[] = [];
  for (const [schema, name, filter, columns] of rows) {
    const table = { schema: schema ?? '', name: name ?? '' };
    const names = await withAncestors(database, table);
    const of = wanted.find((each) => names.some((own) => isSameTable(own, each)));
    if (of !== undefined) result.push({ ...table, of, columns: columns?.split('\u0001'), filter: filter ?? undefined });
  }
  return result;
}

/** Returns the table and, when it is a partition, the tables that it is a partition of. */
async function withAncestors(database: Database, table: TableName): Promise<TableName[]> {
  const rows = await database.rows(
    `select n.nspname, c.relname from pg_partition_ancestors(to_regclass(format('%I.%I', $1::text, $2::text))) a
       join pg_class c on c.oid = a.relid join pg_namespace n on n.oid = c.relnamespace`,
    [table.schema, table.name],
  );
  return [table, ...rows.map(([schema, name]) => ({ schema: schema ?? '', name: name ?? '' }))];
}

/**
 * Returns a function that decides whether a table of the log is captured. Partitions may be created at any time, so those that were
 * not there at the start are looked up.
 */
export function capturedBy(database: Database, wanted: readonly TableName[], known: readonly TableName[]) {
  return async (table: TableName): Promise<boolean> => {
    if (known.some((each) => isSameTable(each, table))) return true;
    const names = await withAncestors(database, table);
    return names.some((name) => wanted.some((each) => isSameTable(each, name)));
  };
}

/** Partitions are published as their root. Stored generated columns are published where the server can (PostgreSQL 18). */
export function createStatement(publication: string, tables: readonly TableName[], serverVersion: number): string {
  const generated = serverVersion >= 180_000 ? ', publish_generated_columns = stored' : '';
  const list = tables.map(qualified).join(', ');
  return `create publication ${identifier(publication)} for table ${list} with (publish_via_partition_root = true${generated})`;
}

export function addStatement(publication: string, tables: readonly TableName[]): string {
  return `alter publication ${identifier(publication)} add table ${tables.map(qualified).join(', ')}`;
}
