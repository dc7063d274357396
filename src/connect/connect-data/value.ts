import { StreamerError } from '../../errors.ts';
import type { ConnectField, ConnectSchema, ConnectValue } from './schema.ts';

// A value is read by its schema's type. These check that the two agree, which a converter written elsewhere may get wrong.

export function textOf(value: ConnectValue): string {
  return typeof value === 'string' ? value : mismatch('a string', value);
}

export function numberOf(value: ConnectValue): number {
  return typeof value === 'number' ? value : mismatch('a number', value);
}

export function bytesOf(value: ConnectValue): Buffer {
  return Buffer.isBuffer(value) ? value : mismatch('a Buffer', value);
}

/** Elements of an array, or the values of a struct in the order of its fields. */
export function listOf(value: ConnectValue): readonly ConnectValue[] {
  return isList(value) ? value : mismatch('an array', value);
}

export function entriesOf(value: ConnectValue): ReadonlyMap<string, ConnectValue> {
  return value instanceof Map ? value : mismatch('a Map', value);
}

function isList(value: ConnectValue): value is readonly ConnectValue[] {
  return Array.isArray(value);
}

export function fieldsOf({ fields, name }: ConnectSchema): readonly ConnectField[] {
  return fields ?? incomplete('struct', name, 'fields');
}

export function itemsOf({ items, name }: ConnectSchema): ConnectSchema {
  return items ?? incomplete('array', name, 'items');
}

export function mapValuesOf({ values, name }: ConnectSchema): ConnectSchema {
  return values ?? incomplete('map', name, 'values');
}

export function mapKeysOf({ keys, name }: ConnectSchema): ConnectSchema {
  return keys ?? incomplete('map', name, 'keys');
}

function mismatch(expected: string, value: ConnectValue): never {
  throw new StreamerError('USAGE', `the schema expects ${expected}, the value is of type ${value === null ? 'null' : typeof value}`);
}

function incomplete(type: string, name: string | undefined, part: string): never {
  throw new StreamerError('USAGE', `the schema of ${name ?? `a ${type}`} has no ${part}`);
}
