import { ConfigError } from '../../errors.ts';
import type { Event } from '../../topics/index.ts';
import type { RowOf } from './change.ts';

export interface PostgresUpsertOptions<K, V> {
  /** As `postgresql://user:password@host:5432/database`. @default the `PG*` environment variables, as for psql */
  readonly url?: string | undefined;
  /** Further settings of `pg`'s Pool, as `ssl` or `max`. */
  readonly pool?: Readonly<Record<string, unknown>> | undefined;
  /** `name` or `schema.name`, or a function of the event. @default the topic's name, its dots as underscores */
  readonly table?: string | ((event: Event<K, V>) => string) | undefined;
  /**
   * Columns that name a row; there must be a unique index on them. Taken from the row, or from the record's key.
   * @default the fields of the record's key
   */
  readonly pkFields?: readonly string[] | undefined;
  /**
   * The row of an event; `null` deletes the row that the record's key names, `undefined` passes the event over.
   * @default a change event of Debezium, or a JSON object, with or without schema
   */
  readonly row?: RowOf<K, V> | undefined;
  /** Fields that are kept beside the key; others are left out. @default all */
  readonly fields?: readonly string[] | undefined;
  /** Postgres types of columns that are made, where the schema's own is not wanted or there is no schema. */
  readonly columns?: Readonly<Record<string, string>> | undefined;
  /** Makes a table that is not there, from the schema of the first event. @default false */
  readonly autoCreate?: boolean | undefined;
  /** Adds columns for fields that the table lacks. Never drops or changes one. @default false */
  readonly autoEvolve?: boolean | undefined;
  /** Deletes rows: for tombstones, and for change events that say so. Otherwise these are passed over. @default true */
  readonly deleteEnabled?: boolean | undefined;
  /**
   * Refuses events older than what the row was written from, in three columns of the table, and remembers deletes in a table of
   * its own (`_streamer_deleted`). @default true
   */
  readonly guard?: boolean | undefined;
  /** How long a deleted key is remembered. @default 7 days, in milliseconds */
  readonly deletesKeptMs?: number | undefined;
}

/** The options, complete and checked. */
export interface PostgresUpsertPlan<K, V> {
  readonly poolConfig: Readonly<Record<string, unknown>>;
  readonly table: string | ((event: Event<K, V>) => string) | undefined;
  readonly pkFields: readonly string[] | undefined;
  readonly row: RowOf<K, V> | undefined;
  readonly fields: ReadonlySet<string> | undefined;
  readonly columns: Readonly<Record<string, string>>;
  readonly autoCreate: boolean;
  readonly autoEvolve: boolean;
  readonly deleteEnabled: boolean;
  readonly guard: boolean;
  readonly deletesKeptMs: number;
}

const WEEK_MS = 7 * 24 * 3_600_000;
/** A connection that broke unseen must not hold a partition for ever. */
const POOL = { max: 4, connectionTimeoutMillis: 10_000, query_timeout: 120_000, keepAlive: true, application_name: 'streamer' };

export function planOf<K, V>(options: PostgresUpsertOptions<K, V>): PostgresUpsertPlan<K, V> {
  const { url, pool, table, pkFields, row, fields, columns = {}, deletesKeptMs = WEEK_MS, ...rest } = options;
  const { autoCreate = false, autoEvolve = false, deleteEnabled = true, guard = true, ...unknown } = rest;
  const problems: string[] = [];
  const check = (isRight: boolean, problem: string) => isRight || problems.push(`postgresUpsert: ${problem}`);
  check(
    url === undefined || /^postgres(ql)?:\/\//.test(url),
    `url must begin with postgresql://, got ${JSON.stringify(url?.split('@').at(-1))}`,
  );
  check(typeof table !== 'string' || isTableName(table), `table must be a name or schema.name, got ${JSON.stringify(table)}`);
  check(pkFields === undefined || pkFields.length > 0, 'pkFields must name at least one column');
  check(deletesKeptMs > 0, `deletesKeptMs must be above 0, got ${String(deletesKeptMs)}`);
  for (const option of Object.keys(unknown)) check(false, `unknown option "${option}"`);
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    poolConfig: { ...POOL, ...pool, ...(url !== undefined && { connectionString: url }) },
    table,
    pkFields,
    row,
    fields: fields === undefined ? undefined : new Set([...fields, ...(pkFields ?? [])]),
    columns,
    autoCreate,
    autoEvolve,
    deleteEnabled,
    guard,
    deletesKeptMs,
  };
}

function isTableName(name: string): boolean {
  const parts = name.split('.');
  return parts.length <= 2 && parts.every((part) => part !== '' && Buffer.byteLength(part) <= 63 && !part.includes('\u0000'));
}
