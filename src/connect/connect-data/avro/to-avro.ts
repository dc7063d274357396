import { StreamerError } from '../../../errors.ts';
import type { ConnectSchema, ConnectValue } from '../schema.ts';
import { bytesOf, fieldsOf, itemsOf, mapKeysOf, mapValuesOf } from '../value.ts';
import { type AvroField, type AvroJson, splitName } from './avro-json.ts';
import { avroFieldNames, avroFullName } from './avro-name.ts';

/** The name of a struct that has none. */
const UNNAMED = 'io.confluent.connect.avro.ConnectDefault';
const DECIMAL = 'org.apache.kafka.connect.data.Decimal';
/** Of a Decimal whose schema names no precision. */
const DEFAULT_PRECISION = 64;

/** Avro's types for Connect's; int8 and int16 keep theirs in a property. */
const PRIMITIVES = new Map<ConnectSchema['type'], string>([
  ['int8', 'int'],
  ['int16', 'int'],
  ['int32', 'int'],
  ['int64', 'long'],
  ['float', 'float'],
  ['double', 'double'],
  ['boolean', 'boolean'],
  ['string', 'string'],
  ['bytes', 'bytes'],
]);

/** Connect's own logical types, and Avro's names for them. */
const LOGICAL = new Map([
  [DECIMAL, 'decimal'],
  ['org.apache.kafka.connect.data.Date', 'date'],
  ['org.apache.kafka.connect.data.Time', 'time-millis'],
  ['org.apache.kafka.connect.data.Timestamp', 'timestamp-millis'],
]);

/** Returns the Avro schema of a Connect schema, as Confluent's `AvroData` makes it with its defaults. */
export function toAvro(schema: ConnectSchema): AvroJson {
  return new Writer().schema(schema, '');
}

class Writer {
  /** Records that have been written: a second time, their name stands for them. */
  readonly #written = new Set<string>();

  /** @param namespace of the record around it, in which names are relative */
  schema(schema: ConnectSchema, namespace: string): AvroJson {
    const own = this.#required(schema, namespace);
    if (!schema.optional) return own;
    return defaultOf(schema) === undefined ? ['null', own] : [own, 'null'];
  }

  #required(schema: ConnectSchema, namespace: string): AvroJson {
    switch (schema.type) {
      case 'array':
        return { type: 'array', items: this.schema(itemsOf(schema), namespace), ...properties(schema) };
      case 'map':
        return this.#map(schema, namespace);
      case 'struct':
        return this.#record(schema, namespace);
      default:
        return primitive(schema);
    }
  }

  #map(schema: ConnectSchema, namespace: string): AvroJson {
    const keys = mapKeysOf(schema);
    if (keys.type !== 'string' || keys.optional)
      throw new StreamerError('USAGE', 'only maps with required strings as keys have a form in Avro here');
    return { type: 'map', values: this.schema(mapValuesOf(schema), namespace), ...properties(schema) };
  }

  #record(schema: ConnectSchema, around: string): AvroJson {
    const fullName = avroFullName(schema.name ?? UNNAMED);
    const { namespace, name } = splitName(fullName);
    if (this.#written.has(fullName)) return namespace === around ? name : fullName;
    this.#written.add(fullName);
    const names = avroFieldNames(fullName, fieldsOf(schema));
    const fields = fieldsOf(schema).map((each, at) => this.#field(names[at] ?? each.name, each.schema, namespace));
    return {
      type: 'record',
      name,
      ...(namespace === around ? {} : { namespace }),
      fields,
      ...properties(schema.name === undefined ? schema : { ...schema, name: fullName }),
    };
  }

  #field(name: string, schema: ConnectSchema, namespace: string): AvroField {
    const given = defaultOf(schema);
    const type = this.schema(schema, namespace);
    if (given !== undefined) return { name, type, default: given };
    return schema.optional ? { name, type, default: null } : { name, type };
  }
}

function primitive(schema: ConnectSchema): AvroJson {
  const { type, name = '', parameters = {} } = schema;
  const avroType = PRIMITIVES.get(type) ?? type;
  const logicalType = LOGICAL.get(name);
  const narrow = type === 'int8' || type === 'int16' ? { 'connect.type': type } : {};
  const precision = Number(parameters['connect.decimal.precision'] ?? DEFAULT_PRECISION);
  const decimal = name === DECIMAL ? { scale: Number(parameters['scale'] ?? 0), precision } : {};
  const all = { ...decimal, ...properties(schema), ...narrow, ...(logicalType === undefined ? {} : { logicalType }) };
  return Object.keys(all).length === 0 ? avroType : { type: avroType, ...all };
}

/** What Avro has no place for, in the order of `AvroData`. */
function properties(schema: ConnectSchema): object {
  const { doc, version, parameters, name } = schema;
  const given = defaultOf(schema);
  return {
    ...(doc === undefined ? {} : { 'connect.doc': doc }),
    ...(version === undefined ? {} : { 'connect.version': version }),
    ...(parameters === undefined ? {} : { 'connect.parameters': parameters }),
    ...(given === undefined ? {} : { 'connect.default': given }),
    ...(name === undefined ? {} : { 'connect.name': name }),
  };
}

/** A default as Avro's JSON has it: bytes are a string with one character for each. */
function defaultOf(schema: ConnectSchema): unknown {
  const given = schema.default;
  if (given === undefined || given === null) return undefined;
  return schema.type === 'bytes' ? bytesOf(given).toString('latin1') : plainDefault(given);
}

/** Arrays and maps of columns have no defaults that Debezium writes, so that only plain values are left. */
function plainDefault(given: ConnectValue): unknown {
  return given instanceof Map ? Object.fromEntries(given) : given;
}
