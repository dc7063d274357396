import type { Converter } from '../connect-data/converter.ts';
import type { UnwrapOptions } from './events/unwrap-options.ts';
import type { TypeOptions } from './types/field-type.ts';

/** An operation as `op` names it: create, update, delete, truncate. */
export type Operation = 'c' | 'u' | 'd' | 't';

/** What to do when changes have been lost, or are about to be. */
export type Continuation = 'stop' | 'snapshot';

export interface PostgresChangesOptions {
  /** `postgresql://user:password@host:port/database` of a role that may replicate. */
  readonly url: string;
  /** First part of every topic's name, and the `name` in `source`: Debezium's `topic.prefix`. Letters, digits, `.`, `_`, `-`. */
  readonly prefix: string;
  /**
   * The tables, as `public.cars`; a name without schema is in `public`. Names are exact. Only the first dot separates; a schema with
   * a dot is quoted: `"my.schema".cars`. A partitioned table stands for its partitions.
   */
  readonly tables: readonly string[];
  /** Replication slot: lower-case letters, digits, `_`. Created when it does not exist. @default `streamer_` and the prefix */
  readonly slot?: string | undefined;
  /** Publication. Created when it does not exist. @default the slot's name */
  readonly publication?: string | undefined;
  /**
   * `initial`: when there is no slot yet, the existing rows come first, as `op: "r"`. `never`: only changes, from the creation of the
   * slot on. @default 'initial'
   */
  readonly snapshot?: 'initial' | 'never' | undefined;
  /**
   * What to do when a table is no longer the one that was captured: it was renamed, dropped and recreated, or removed from the
   * publication. `stop`: the source stops there, and says what to do. `snapshot`: it takes a new snapshot of all tables, with a delete
   * for each key of the topics whose row is gone, and streams on. @default 'stop'
   */
  readonly onTableReplaced?: Continuation | undefined;
  /**
   * What to do when the slot was dropped or invalidated while the source was running, so that changes are lost. `stop` and `snapshot` as in
   * `onTableReplaced`. @default 'stop'
   */
  readonly onSlotLost?: Continuation | undefined;
  /** Turns keys and values into bytes. @default `jsonConverter({ schemas })` */
  readonly converter?: Converter | undefined;
  /** JSON with `{"schema":…,"payload":…}`, as Kafka Connect's sinks expect it. @default false */
  readonly schemas?: boolean | undefined;
  /** Rows instead of change events, as Debezium's `ExtractNewRecordState` makes them; `true` for its defaults. @default false */
  readonly unwrap?: boolean | UnwrapOptions | undefined;
  /** Write a tombstone after each delete: `tombstones.on.delete`. @default true */
  readonly tombstones?: boolean | undefined;
  /** Operations that are left out: `skipped.operations`. @default ['t'] */
  readonly skip?: readonly Operation[] | undefined;
  /** Write what `pg_logical_emit_message` emits to `<prefix>.message`; needs PostgreSQL 14. @default false */
  readonly messages?: boolean | undefined;
  /** Write the headers `__debezium.context.*`. @default true */
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
  /** `include.unknown.datatypes`: columns of other types are written as the bytes of their text, instead of not at all. @default false */
  readonly unknownTypes?: boolean | undefined;
  /** Longest pause, in milliseconds, between two looks at the log when nothing happens. @default 100 */
  readonly pollMs?: number | undefined;
  /** How often, in milliseconds, the slot is moved while only other tables are written, so that the server can drop its log. @default 10_000 */
  readonly heartbeatMs?: number | undefined;
  /** Partitions and configs (as Kafka names them) of the topics that it declares. @default one partition */
  readonly topics?:
    | { readonly partitions?: number | undefined; readonly configs?: Readonly<Record<string, string>> | undefined }
    | undefined;
}
