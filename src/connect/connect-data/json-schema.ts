import { jsonText } from './json-text.ts';
import { jsonWriter } from './json-writer.ts';
import type { ConnectSchema } from './schema.ts';
import { fieldsOf, itemsOf, mapKeysOf, mapValuesOf } from './value.ts';

const cache = new WeakMap<ConnectSchema, string>();

/** Returns a schema as Kafka Connect's `JsonConverter` writes it beside the payload. */
export function jsonSchema(schema: ConnectSchema): string {
  let text = cache.get(schema);
  if (text === undefined) {
    text = `{${parts(schema).join(',')}}`;
    cache.set(schema, text);
  }
  return text;
}

function parts(schema: ConnectSchema, name?: string): string[] {
  const { type, optional, version, doc, parameters, default: given } = schema;
  const all = [`"type":"${type}"`, ...children(schema), `"optional":${optional}`];
  if (schema.name !== undefined) all.push(`"name":${jsonText(schema.name)}`);
  if (version !== undefined) all.push(`"version":${version}`);
  if (doc !== undefined) all.push(`"doc":${jsonText(doc)}`);
  if (parameters !== undefined) {
    const entries = Object.entries(parameters).map(([key, value]) => `${jsonText(key)}:${jsonText(value)}`);
    all.push(`"parameters":{${entries.join(',')}}`);
  }
  if (given !== undefined && given !== null) all.push(`"default":${jsonWriter(schema)(given)}`);
  if (name !== undefined) all.push(`"field":${jsonText(name)}`);
  return all;
}

function children(schema: ConnectSchema): string[] {
  switch (schema.type) {
    case 'array':
      return [`"items":${jsonSchema(itemsOf(schema))}`];
    case 'map':
      return [`"keys":${jsonSchema(mapKeysOf(schema))}`, `"values":${jsonSchema(mapValuesOf(schema))}`];
    case 'struct':
      return [`"fields":[${fieldsOf(schema).map((each) => `{${parts(each.schema, each.name).join(',')}}`)}]`];
    default:
      return [];
  }
}
