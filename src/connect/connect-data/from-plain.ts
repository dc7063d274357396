import { ExactNumber } from '../../topics/index.ts';
import type { ConnectSchema, ConnectValue } from './schema.ts';
import { fieldsOf, itemsOf, mapValuesOf } from './value.ts';

/**
 * Returns the value that decoded content stands for under a schema; undefined when the content does not fit it.
 *
 * @param plain what `Converter.decode` returns
 */
export function fromPlain(schema: ConnectSchema, plain: unknown): ConnectValue | undefined {
  if (plain === null || plain === undefined) return schema.optional ? null : undefined;
  switch (schema.type) {
    case 'string':
      return typeof plain === 'string' ? plain : undefined;
    case 'boolean':
      return typeof plain === 'boolean' ? plain : undefined;
    case 'bytes':
      return bytesFrom(plain);
    case 'float':
    case 'double':
      return floatFrom(plain);
    case 'array':
      return Array.isArray(plain) ? complete(plain.map((each: unknown) => fromPlain(itemsOf(schema), each))) : undefined;
    case 'struct':
      return structFrom(schema, plain);
    case 'map':
      return mapFrom(schema, plain);
    default:
      return integerFrom(plain);
  }
}

function integerFrom(plain: unknown): ConnectValue | undefined {
  if (typeof plain === 'bigint') return Number.isSafeInteger(Number(plain)) ? Number(plain) : plain;
  return typeof plain === 'number' && Number.isInteger(plain) ? plain : undefined;
}

/** JSON has no form for NaN and the infinities: they are strings there. */
function floatFrom(plain: unknown): ConnectValue | undefined {
  if (typeof plain === 'number') return plain;
  if (plain instanceof ExactNumber) return Number(plain.text);
  return plain === 'NaN' || plain === 'Infinity' || plain === '-Infinity' ? Number(plain) : undefined;
}

function bytesFrom(plain: unknown): ConnectValue | undefined {
  if (plain instanceof Uint8Array) return Buffer.from(plain);
  return typeof plain === 'string' ? Buffer.from(plain, 'base64') : undefined;
}

function structFrom(schema: ConnectSchema, plain: unknown): ConnectValue | undefined {
  if (typeof plain !== 'object' || plain === null) return undefined;
  const entries = new Map<string, unknown>(Object.entries(plain));
  return complete(fieldsOf(schema).map((field) => fromPlain(field.schema, entries.get(field.name))));
}

function mapFrom(schema: ConnectSchema, plain: unknown): ConnectValue | undefined {
  if (typeof plain !== 'object' || plain === null) return undefined;
  const names = Object.keys(plain);
  const values = complete(Object.values(plain).map((each: unknown) => fromPlain(mapValuesOf(schema), each)));
  return values && new Map(names.map((name, at) => [name, values[at] ?? null]));
}

function complete(values: ReadonlyArray<ConnectValue | undefined>): ConnectValue[] | undefined {
  const found = values.filter((value) => value !== undefined);
  return found.length === values.length ? found : undefined;
}
