import { javaDouble, javaFloat } from './java-number.ts';
import { jsonText } from './json-text.ts';
import type { ConnectSchema, ConnectValue } from './schema.ts';

/** Writes a value of one schema as JSON. */
export type JsonWriter = (value: ConnectValue) => string;

const cache = new WeakMap<ConnectSchema, JsonWriter>();

/**
 * A writer for values of a schema, as Kafka Connect's `JsonConverter` writes them with its defaults: bytes and Decimals in
 * base64, and a null where the schema has a default as that default (`replace.null.with.default`).
 */
export function jsonWriter(schema: ConnectSchema): JsonWriter {
  let writer = cache.get(schema);
  if (writer === undefined) {
    const write = writerOf(schema);
    const absent = schema.default === undefined || schema.default === null ? 'null' : write(schema.default);
    writer = (value) => (value === null || value === undefined ? absent : write(value));
    cache.set(schema, writer);
  }
  return writer;
}

function writerOf(schema: ConnectSchema): JsonWriter {
  switch (schema.type) {
    case 'string':
      return (value) => jsonText(value as string);
    case 'bytes':
      return (value) => `"${(value as Buffer).toString('base64')}"`;
    case 'double':
      return (value) => javaDouble(value as number);
    case 'float':
      return (value) => javaFloat(value as number);
    case 'array':
      return arrayWriter(schema);
    case 'map':
      return mapWriter(schema);
    case 'struct':
      return structWriter(schema);
    default:
      return String;
  }
}

function arrayWriter(schema: ConnectSchema): JsonWriter {
  const item = jsonWriter(schema.items!);
  return (value) => `[${(value as readonly ConnectValue[]).map(item).join(',')}]`;
}

function mapWriter(schema: ConnectSchema): JsonWriter {
  const write = jsonWriter(schema.values!);
  return (value) => {
    const entries = [...(value as ReadonlyMap<string, ConnectValue>)].map(([key, each]) => `${jsonText(key)}:${write(each)}`);
    return `{${entries.join(',')}}`;
  };
}

function structWriter(schema: ConnectSchema): JsonWriter {
  const fields = schema.fields!.map(({ name, schema: each }, index) => ({
    head: `${index === 0 ? '{' : ','}${jsonText(name)}:`,
    write: jsonWriter(each),
  }));
  if (fields.length === 0) return () => '{}';
  return (value) => {
    const values = value as readonly ConnectValue[];
    let text = '';
    for (let index = 0; index < fields.length; index++) text += fields[index]!.head + fields[index]!.write(values[index]!);
    return `${text}}`;
  };
}
