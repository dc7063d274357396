import { SerdeError } from '../../topics/index.ts';
import { fromPlain } from './from-plain.ts';
import type { ConnectField, ConnectSchema, ConnectType } from './schema.ts';

const TYPES: ReadonlySet<string> = new Set<ConnectType>([
  ...(['int8', 'int16', 'int32', 'int64', 'float', 'double'] as const),
  ...(['boolean', 'string', 'bytes', 'array', 'map', 'struct'] as const),
]);

/** Returns the schema that Kafka Connect's `JsonConverter` writes beside a payload. @throws SerdeError when it is not one */
export function fromJsonSchema(json: unknown): ConnectSchema {
  const all = propertiesOf(json);
  const type = all.get('type');
  if (!isType(type)) throw new SerdeError('VALIDATION', `a Connect schema has a type, got ${JSON.stringify(type)}`, {});
  const text = (name: string) => textOf(all.get(name));
  const schema: ConnectSchema = {
    type,
    optional: all.get('optional') === true,
    name: text('name'),
    version: versionOf(all.get('version')),
    doc: text('doc'),
    parameters: parametersOf(all.get('parameters')),
    fields: type === 'struct' ? fieldsFrom(all.get('fields')) : undefined,
    items: type === 'array' ? fromJsonSchema(all.get('items')) : undefined,
    keys: type === 'map' ? fromJsonSchema(all.get('keys')) : undefined,
    values: type === 'map' ? fromJsonSchema(all.get('values')) : undefined,
  };
  const given = all.get('default');
  return given === undefined || given === null ? schema : { ...schema, default: fromPlain(schema, given) };
}

function propertiesOf(json: unknown): ReadonlyMap<string, unknown> {
  if (typeof json !== 'object' || json === null) throw new SerdeError('VALIDATION', 'a Connect schema is an object', {});
  return new Map<string, unknown>(Object.entries(json));
}

function isType(value: unknown): value is ConnectType {
  return typeof value === 'string' && TYPES.has(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function versionOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function parametersOf(value: unknown): Readonly<Record<string, string>> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, String(each)]));
}

function fieldsFrom(value: unknown): ConnectField[] {
  if (!Array.isArray(value)) throw new SerdeError('VALIDATION', 'the schema of a struct has a list of fields', {});
  return value.map((each: unknown) => ({ name: textOf(propertiesOf(each).get('field')) ?? '', schema: fromJsonSchema(each) }));
}
