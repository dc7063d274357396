/**
 * Kafka Connect's data model, as far as change events need it: what a converter turns into bytes. The shapes are those of
 * `org.apache.kafka.connect.data`.
 */

export type ConnectType =
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float'
  | 'double'
  | 'boolean'
  | 'string'
  | 'bytes'
  | 'array'
  | 'map'
  | 'struct';

/**
 * A value, by its schema's type: numbers (`bigint` where an int64 is beyond 2^53), booleans, strings, a Buffer for bytes (a
 * Decimal is its unscaled two's-complement bytes, big-endian), an array for an array, a Map for a map, and for a struct an
 * array with one value a field, in the schema's order.
 */
export type ConnectValue = null | number | bigint | boolean | string | Buffer | readonly ConnectValue[] | ReadonlyMap<string, ConnectValue>;

export interface ConnectField {
  readonly name: string;
  readonly schema: ConnectSchema;
}

export interface ConnectSchema {
  readonly type: ConnectType;
  readonly optional: boolean;
  /** Logical name, as `io.debezium.time.Date`. */
  readonly name?: string | undefined;
  readonly version?: number | undefined;
  readonly doc?: string | undefined;
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  readonly default?: ConnectValue | undefined;
  /** Of a struct. */
  readonly fields?: readonly ConnectField[] | undefined;
  /** Of an array. */
  readonly items?: ConnectSchema | undefined;
  /** Of a map. */
  readonly keys?: ConnectSchema | undefined;
  readonly values?: ConnectSchema | undefined;
}

type Extra = Omit<Partial<ConnectSchema>, 'type'>;

/** A schema that must have a value, unless `extra` says otherwise. */
export function schemaOf(type: ConnectType, extra: Extra = {}): ConnectSchema {
  return { type, optional: false, ...extra };
}

/** A named (logical) type of version 1. */
export function logical(type: ConnectType, name: string, extra: Extra = {}): ConnectSchema {
  return { type, optional: false, name, version: 1, ...extra };
}

export function optionalOf(schema: ConnectSchema): ConnectSchema {
  return schema.optional ? schema : { ...schema, optional: true };
}

export function structOf(name: string, fields: readonly ConnectField[], extra: Extra = {}): ConnectSchema {
  return { type: 'struct', optional: false, name, fields, ...extra };
}

export function field(name: string, schema: ConnectSchema): ConnectField {
  return { name, schema };
}
