import { ConfigError } from '../../errors.ts';
import { type Converter, jsonConverter } from '../connect-data/converter.ts';
import { type UnwrapOptions, unwrap, unwrapProblems } from './events/unwrap.ts';
import type { TypeOptions } from './types/field-type.ts';

/** An operation as `op` names it: create, update, delete, truncate. */
export type Operation = 'c' | 'u' | 'd' | 't';

export interface PostgresChangesOptions {
  /** `postgresql://user:password@host:port/database` of a role that may replicate. */
  readonly url: string;
  /** First part of every topic's name, and the `name` in `source`: Debezium's `topic.prefix`. Letters, digits, `.`, `_`, `-`. */
  readonly prefix: string;
  /** The tables, as `public.cars`; a name without schema is in `public`. A partitioned table stands for its partitions. */
  readonly tables: readonly string[];
  /** Replication slot: lower-case letters, digits, `_`. Made when it is not there. @default `streamer_` and the prefix */
  readonly slot?: string | undefined;
  /** Publication. Made, or extended by tables that it lacks. @default the slot's name */
  readonly publication?: string | undefined;
  /**
   * `initial`: the rows that are there come first, as `op: "r"`, when there is no slot yet. `never`: only changes, from the
   * making of the slot on. @default 'initial'
   */
  readonly snapshot?: 'initial' | 'never' | undefined;
  /** Keys and values into bytes. @default `jsonConverter({ schemas })` */
  readonly converter?: Converter | undefined;
  /** JSON with `{"schema":…,"payload":…}`, as sinks of Kafka Connect want it. @default false */
  readonly schemas?: boolean | undefined;
  /** Rows instead of change events, as Debezium's `ExtractNewRecordState` makes them; `true` for its defaults. @default false */
  readonly unwrap?: boolean | UnwrapOptions | undefined;
  /** A tombstone after each delete: `tombstones.on.delete`. @default true */
  readonly tombstones?: boolean | undefined;
  /** Operations that are left out: `skipped.operations`. @default ['t'] */
  readonly skip?: readonly Operation[] | undefined;
  /** What `pg_logical_emit_message` writes, to `<prefix>.message`; needs PostgreSQL 14. @default false */
  readonly messages?: boolean | undefined;
  /** The headers `__debezium.context.*`. @default true */
  readonly contextHeaders?: boolean | undefined;
  /** `decimal.handling.mode`. @default 'precise' */
  readonly decimals?: TypeOptions['decimals'] | undefined;
  /** `time.precision.mode`. @default 'adaptive' */
  readonly times?: TypeOptions['times'] | undefined;
  /** `binary.handling.mode`. @default 'bytes' */
  readonly binary?: TypeOptions['binary'] | undefined;
  /** `interval.handling.mode`. @default 'numeric' */
  readonly intervals?: TypeOptions['intervals'] | undefined;
  /** `hstore.handling.mode`. @default 'json' */
  readonly hstore?: TypeOptions['hstore'] | undefined;
  /** `include.unknown.datatypes`: columns of other types as the bytes of their text, instead of not at all. @default false */
  readonly unknownTypes?: boolean | undefined;
  /** Longest pause, in milliseconds, between two looks at the log when nothing happens. @default 100 */
  readonly pollMs?: number | undefined;
  /** How often, in milliseconds, the slot is moved on while only other tables are written, so that the server may drop its log. @default 10_000 */
  readonly heartbeatMs?: number | undefined;
  /** For the topics it declares: partitions, and configs as Kafka names them. @default one partition */
  readonly topics?:
    | { readonly partitions?: number | undefined; readonly configs?: Readonly<Record<string, string>> | undefined }
    | undefined;
}

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** Options with their defaults. */
export type ResolvedOptions = ReturnType<typeof resolveOptions>;

const CHOICES = {
  snapshot: ['initial', 'never'],
  decimals: ['precise', 'string', 'double'],
  times: ['adaptive', 'adaptive_time_microseconds', 'connect', 'isostring', 'microseconds', 'nanoseconds'],
  binary: ['bytes', 'base64', 'base64-url-safe', 'hex'],
  intervals: ['numeric', 'string'],
  hstore: ['map', 'json'],
} as const;

const NAMES: Readonly<Record<keyof PostgresChangesOptions, true>> = {
  url: true,
  prefix: true,
  tables: true,
  slot: true,
  publication: true,
  snapshot: true,
  converter: true,
  schemas: true,
  unwrap: true,
  tombstones: true,
  skip: true,
  messages: true,
  contextHeaders: true,
  decimals: true,
  times: true,
  binary: true,
  intervals: true,
  hstore: true,
  unknownTypes: true,
  pollMs: true,
  heartbeatMs: true,
  topics: true,
};

/** @throws ConfigError with everything that is wrong */
export function resolveOptions(options: PostgresChangesOptions) {
  const slot =
    options.slot ??
    `streamer_${String(options.prefix)
      .toLowerCase()
      .replace(/[^a-z0-9_]/g, '_')}`;
  const problems = problemsOf(options, slot);
  if (problems.length > 0) throw new ConfigError(problems.map((each) => `postgresChanges: ${each}`));
  const { url, prefix, tables, snapshot = 'initial', schemas, converter = jsonConverter({ schemas }), tombstones = true } = options;
  const { publication = slot, messages = false, contextHeaders = true, pollMs = 100, heartbeatMs = 10_000 } = options;
  return {
    url,
    prefix,
    slot,
    tables: tables.map(parseTable),
    publication,
    snapshot,
    converter,
    unwrap: options.unwrap ? unwrap(options.unwrap === true ? {} : options.unwrap) : undefined,
    tombstones,
    skip: new Set<string>(options.skip ?? ['t']),
    messages,
    contextHeaders,
    types: typeOptions(options),
    pollMs,
    heartbeatMs,
    topics: { partitions: options.topics?.partitions ?? 1, configs: options.topics?.configs },
  };
}

function problemsOf(options: PostgresChangesOptions, slot: string): string[] {
  const { url, prefix, tables } = options;
  const problems: string[] = [];
  const check = (isRight: boolean, expected: string, got: unknown) => {
    if (!isRight) problems.push(`${expected}, got ${shown(got)}`);
  };
  check(/^postgres(?:ql)?:\/\//.test(String(url)), 'url must look like postgresql://user:password@host:5432/database', url);
  check(/^[a-zA-Z0-9._-]{1,150}$/.test(String(prefix)), 'prefix must be 1 to 150 letters, digits, ".", "_" or "-"', prefix);
  check(/^[a-z0-9_]{1,54}$/.test(slot), 'slot must be 1 to 54 lower-case letters, digits or "_"', slot);
  check(Array.isArray(tables) && tables.length > 0, 'tables must name at least one, as ["public.cars"]', tables);
  for (const table of Array.isArray(tables) ? tables : []) {
    check(typeof table === 'string' && /^[^.]+(\..+)?$/s.test(table), 'a table must be named as "public.cars" or "cars"', table);
  }
  for (const name of Object.keys(options)) if (!Object.hasOwn(NAMES, name)) problems.push(`unknown option "${name}"`);
  if (typeof options.unwrap === 'object') problems.push(...unwrapProblems(options.unwrap).map((problem) => `unwrap: ${problem}`));
  for (const [name, allowed] of Object.entries(CHOICES)) {
    const given = options[name as keyof typeof CHOICES];
    check(given === undefined || (allowed as readonly string[]).includes(given), `${name} must be one of ${allowed.join(', ')}`, given);
  }
  for (const op of options.skip ?? []) check(['c', 'u', 'd', 't'].includes(op), 'skip takes "c", "u", "d" and "t"', op);
  check((options.pollMs ?? 100) >= 1, 'pollMs must be a number of milliseconds of at least 1', options.pollMs);
  check((options.heartbeatMs ?? 10_000) >= 100, 'heartbeatMs must be a number of milliseconds of at least 100', options.heartbeatMs);
  return problems;
}

function typeOptions(options: PostgresChangesOptions): TypeOptions {
  const {
    decimals = 'precise',
    times = 'adaptive',
    binary = 'bytes',
    intervals = 'numeric',
    hstore = 'json',
    unknownTypes = false,
  } = options;
  return { decimals, times, binary, intervals, hstore, unknown: unknownTypes };
}

/** `public.cars`; only the first dot separates. */
function parseTable(text: string): TableName {
  const dot = text.indexOf('.');
  return dot < 0 ? { schema: 'public', name: text } : { schema: text.slice(0, dot), name: text.slice(dot + 1) };
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
