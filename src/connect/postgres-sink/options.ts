import {
  aFunction,
  anything,
  type Check,
  checkOptions,
  oneOf,
  positiveNumber,
  refuse,
  sentence,
  that,
  truth,
} from '../../options/index.ts';
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
   * @default what `values` says, with or without schema
   */
  readonly row?: RowOf<K, V> | undefined;
  /**
   * What values are: rows by themselves (those of Debezium's `ExtractNewRecordState` too), or change events with before, after, source
   * and op.
   *
   * @default 'rows', but for a value that has the whole form of Debezium's change events and no other field
   */
  readonly values?: 'rows' | 'changes' | undefined;
  /** Fields that are kept beside the key; others are left out. @default all */
  readonly fields?: readonly string[] | undefined;
  /** Postgres types of columns that are created, in place of the schema's, or where there is no schema. */
  readonly columns?: Readonly<Record<string, string>> | undefined;
  /** Creates a table that does not exist, from the schema of the first event. @default false */
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
  readonly values: 'rows' | 'changes' | undefined;
  readonly fields: ReadonlySet<string> | undefined;
  readonly columns: ReadonlyMap<string, string>;
  readonly autoCreate: boolean;
  readonly autoEvolve: boolean;
  readonly deleteEnabled: boolean;
  readonly guard: boolean;
  readonly deletesKeptMs: number;
}

const WEEK_MS = 7 * 24 * 3_600_000;
/** A connection that broke unseen must not hold a partition for ever. */
const POOL = { max: 4, connectionTimeoutMillis: 10_000, query_timeout: 120_000, keepAlive: true, application_name: 'streamer' };

const url: Check = {
  expected: 'a URL that begins with postgresql://',
  fits: (value) => typeof value === 'string' && /^postgres(ql)?:\/\//.test(value),
  // Without the part before the @, which may be a password.
  problems: (name, value) => (url.fits(value) ? [] : [sentence(name, url.expected, String(value).split('@').at(-1))]),
};

const table = that('a name, schema.name, or a function of the event', (value) =>
  typeof value === 'string' ? isTableName(value) : typeof value === 'function',
);

const names = that('a list of at least one name', (value) => Array.isArray(value) && value.length > 0);

/** @throws ConfigError */
export function planOf<K, V>(options: PostgresUpsertOptions<K, V>): PostgresUpsertPlan<K, V> {
  checkOptions<PostgresUpsertOptions<K, V>>('postgresUpsert', options, {
    url,
    pool: anything,
    table,
    pkFields: names,
    row: aFunction,
    values: oneOf(['rows', 'changes']),
    fields: names,
    columns: anything,
    autoCreate: truth,
    autoEvolve: truth,
    deleteEnabled: truth,
    guard: truth,
    deletesKeptMs: positiveNumber,
  });
  const { pool, pkFields, row, values, fields, columns = {} } = options;
  if (row !== undefined && values !== undefined)
    refuse('postgresUpsert', ['values says how events are read, and so does row: give one of the two']);
  const connection = options.url === undefined ? {} : { connectionString: options.url };
  return {
    poolConfig: { ...POOL, ...pool, ...connection },
    table: options.table,
    pkFields,
    row,
    values,
    fields: fields === undefined ? undefined : new Set([...fields, ...(pkFields ?? [])]),
    columns: new Map(Object.entries(columns)),
    autoCreate: options.autoCreate ?? false,
    autoEvolve: options.autoEvolve ?? false,
    deleteEnabled: options.deleteEnabled ?? true,
    guard: options.guard ?? true,
    deletesKeptMs: options.deletesKeptMs ?? WEEK_MS,
  };
}

function isTableName(name: string): boolean {
  const parts = name.split('.');
  return parts.length <= 2 && parts.every((part) => part !== '' && Buffer.byteLength(part) <= 63 && !part.includes('\u0000'));
}
