import { jsonText } from './json-text.ts';
import { jsonWriter } from './json-writer.ts';
import type { ConnectSchema } from './schema.ts';

const cache = new WeakMap<ConnectSchema, string>();

/** A schema as Kafka Connect's `JsonConverter` puts it beside the payload. */
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
  const all = [`"type":"${type}"`];
  if (type === 'array') all.push(`"items":${jsonSchema(schema.items!)}`);
  if (type === 'map') all.push(`"keys":${jsonSchema(schema.keys!)}`, `"values":${jsonSchema(schema.values!)}`);
  if (type === 'struct') {
    all.push(`"fields":[${schema.fields!.map((each) => `{${parts(each.schema, each.name).join(',')}}`).join(',')}]`);
  }
  all.push(`"optional":${optional}`);
  if (schema.name !== undefined) all.push(`"name":${jsonText(schema.name)}`);
  if (version !== undefined) all.push(`"version":${version}`);
  if (doc !== undefined) all.push(`"doc":${jsonText(doc)}`);
  if (parameters !== undefined) {
    all.push(
      `"parameters":{${Object.entries(parameters)
        .map(([key, value]) => `${jsonText(key)}:${jsonText(value)}`)
        .join(',')}}`,
    );
  }
  if (given !== undefined && given !== null) all.push(`"default":${jsonWriter(schema)(given)}`);
  if (name !== undefined) all.push(`"field":${jsonText(name)}`);
  return all;
}
