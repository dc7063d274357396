/**
 * The part of Kafka Connect's data model that change events need: the input of a converter. The shapes are those of
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
 * A value. Its form follows from its schema's type: a number (`bigint` where an int64 is beyond 2^53), a boolean, a string, a
 * Buffer for bytes, an array for an array, a Map for a map. A struct is an array with one value for each field, in the schema's
 * order. A Decimal is the bytes of its unscaled value in two's complement, big-endian.
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

/** Returns a schema whose value is required, unless `extra` makes it optional. */
export function schemaOf(type: ConnectType, extra: Extra = {}): ConnectSchema {
  return { type, optional: false, ...extra };
}

/** Returns a schema of a named (logical) type of version 1. */
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
