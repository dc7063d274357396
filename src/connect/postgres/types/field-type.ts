import type { ConnectSchema, ConnectValue } from '../../connect-data/schema.ts';

/** How the values of a type are written, in any table. */
export interface FieldType {
  /** Without default, and optional only where every column of the type is: the column adds these. */
  readonly schema: ConnectSchema;
  /** From PostgreSQL's text form, as the server writes it under the settings of `database.ts`. Never called with null. Returns null for a value that has no form. */
  readonly convert: (text: string) => ConnectValue;
  /** The same for rows of a snapshot, for types that Debezium writes differently there. @default convert */
  readonly read?: ((text: string) => ConnectValue) | undefined;
  /** Stands for null where the schema allows none: a column other than the key in the `before` of a delete. */
  readonly zero: ConnectValue;
  /** Stands for a TOASTed value that an update did not touch, so that the log does not hold it; null where Debezium has nothing for it. */
  readonly unchanged: ConnectValue;
}

/** Row of `pg_type`, with an enum's labels. */
export interface PgType {
  readonly oid: number;
  readonly name: string;
  readonly schema: string;
  /** As `pg_type.typcategory`: `A` for arrays, `E` for enums. */
  readonly category: string;
  /** Of an array; 0 for none. */
  readonly element: number;
  /** Of a domain: its base type; 0 for none. */
  readonly base: number;
  /** Of a domain: the modifier of its base type; -1 for none. */
  readonly modifier: number;
  readonly labels?: readonly string[] | undefined;
}

/** Options about the form of values. Names and meanings are Debezium's. */
export interface TypeOptions {
  /** `decimal.handling.mode` */
  readonly decimals: 'precise' | 'string' | 'double';
  /** `time.precision.mode` */
  readonly times: 'adaptive' | 'adaptive_time_microseconds' | 'connect' | 'isostring' | 'microseconds' | 'nanoseconds';
  /** `binary.handling.mode` */
  readonly binary: 'bytes' | 'base64' | 'base64-url-safe' | 'hex';
  /** `interval.handling.mode` */
  readonly intervals: 'numeric' | 'string';
  /** `hstore.handling.mode` */
  readonly hstore: 'map' | 'json';
  /** `include.unknown.datatypes` */
  readonly unknown: boolean;
}

/** Stands for a value that is stored apart and that an update did not touch: `unavailable.value.placeholder`. */
export const PLACEHOLDER = '__debezium_unavailable_value';
