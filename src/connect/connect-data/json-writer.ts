import { javaDouble, javaFloat } from './java-number.ts';
import { jsonText } from './json-text.ts';
import type { ConnectSchema, ConnectValue } from './schema.ts';
import { bytesOf, entriesOf, fieldsOf, itemsOf, listOf, mapValuesOf, numberOf, textOf } from './value.ts';

/** Writes a value of one schema as JSON. */
export type JsonWriter = (value: ConnectValue | undefined) => string;

const cache = new WeakMap<ConnectSchema, JsonWriter>();

/**
 * Returns a writer for values of a schema that writes what Kafka Connect's `JsonConverter` writes with its defaults: bytes and
 * Decimals in base64, and a null as the schema's default where it has one (`replace.null.with.default`).
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

function writerOf(schema: ConnectSchema): (value: ConnectValue) => string {
  switch (schema.type) {
    case 'string':
      return (value) => jsonText(textOf(value));
    case 'bytes':
      return (value) => `"${bytesOf(value).toString('base64')}"`;
    case 'double':
      return (value) => javaDouble(numberOf(value));
    case 'float':
      return (value) => javaFloat(numberOf(value));
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

function arrayWriter(schema: ConnectSchema): (value: ConnectValue) => string {
  const item = jsonWriter(itemsOf(schema));
  return (value) => `[${listOf(value).map(item).join(',')}]`;
}

function mapWriter(schema: ConnectSchema): (value: ConnectValue) => string {
  const write = jsonWriter(mapValuesOf(schema));
  return (value) => `{${Array.from(entriesOf(value), ([key, each]) => `${jsonText(key)}:${write(each)}`).join(',')}}`;
}

function structWriter(schema: ConnectSchema): (value: ConnectValue) => string {
  const fields = fieldsOf(schema).map(({ name, schema: each }, index) => ({
    head: `${index === 0 ? '{' : ','}${jsonText(name)}:`,
    write: jsonWriter(each),
  }));
  if (fields.length === 0) return () => '{}';
  return (value) => {
    const values = listOf(value);
    let [text, at] = ['', 0];
    for (const { head, write } of fields) text += head + write(values[at++]);
    return `${text}}`;
  };
}
