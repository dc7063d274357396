/**
 * Values as JSON has them, for what is typed and printed: `date` and `timestamp-millis` as ISO 8601 text, bigints as text,
 * bytes as text where they are UTF-8, else `{ base64 }`. By the type, since JSON does not tell a date from a text.
 */

import { parseExactly } from '../json-text/parse.ts';
import { bytesOfPlain, plainOf } from '../plain-form.ts';
import { isArray, isMapType, isRecord, isUnion, isUnwrapped } from './kinds.ts';
import type { AvroType, RecordType, UnionType } from './library.ts';

const TIME = /^([+-]\d{2})?\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/;
const WHOLE = /^-?\d+$/;
const NOT_FINITE: readonly unknown[] = ['NaN', 'Infinity', '-Infinity'];
const DAY_MS = 86_400_000;

/** A value that does not fit is left as it is, for the type to refuse. @throws SyntaxError when the text is not JSON */
export function parsePlain(type: AvroType, text: string): unknown {
  return fromPlain(type, parseExactly(text));
}

function fromPlain(type: AvroType, plain: unknown): unknown {
  if (isUnion(type)) return branchOf(type, plain);
  if (isRecord(type)) return recordOf(type, plain);
  if (isArray(type)) return Array.isArray(plain) ? plain.map((item) => fromPlain(type.itemsType, item)) : plain;
  if (isMapType(type)) return isObject(plain) ? mapped(plain, (value) => fromPlain(type.valuesType, value)) : plain;
  switch (type.typeName) {
    case 'bytes':
    case 'fixed':
      return bytesOfPlain(plain);
    case 'float':
    case 'double':
      return isExactNumber(plain) || NOT_FINITE.includes(plain) ? Number(plain) : plain;
    case 'abstract:long':
      return isWhole(plain) ? BigInt(plain) : plain;
    case 'logical:date':
      return dayOf(plain);
    case 'logical:timestamp-millis':
      return timeOf(plain);
    default:
      return plain;
  }
}

function recordOf({ fields }: RecordType, plain: unknown): unknown {
  if (!isObject(plain)) return plain;
  const types = new Map(fields.map(({ name, type }) => [name, type]));
  return mapped(plain, (value, name) => fromField(types.get(name), value));
}

/** A field that the record does not have is left as it is. */
function fromField(type: AvroType | undefined, value: unknown): unknown {
  return type === undefined ? value : fromPlain(type, value);
}

/** The first branch that the value fits; `{ 'branch.Name': value }`, Avro's own JSON encoding, names one. */
function branchOf(union: UnionType, plain: unknown): unknown {
  const { types } = union;
  if (isUnwrapped(union)) {
    for (const [index, type] of types.entries()) {
      const value = fromPlain(type, plain);
      // A record whose fields all have defaults takes any object; the branch counts that it would be written as.
      if (fits(type, value) && union._getIndex(value) === index) return value;
    }
  }
  const [entry, ...others] = isObject(plain) ? Object.entries(plain) : [];
  if (entry === undefined || others.length > 0) return plain;
  const [name, part] = entry;
  const named = types.find(({ branchName }) => branchName === name);
  if (named === undefined) return plain;
  const value = fromPlain(named, part);
  return isUnwrapped(union) ? value : { [name]: value };
}

/** A text as ISO 8601 has days, or the days since 1970 that Avro writes. */
function dayOf(plain: unknown): unknown {
  if (typeof plain === 'number') return validDate(new Date(plain * DAY_MS), plain);
  if (typeof plain !== 'string') return plain;
  const day = new Date(`${plain}T00:00:00Z`);
  // JavaScript takes a 30 February for the 1st of March.
  return !Number.isNaN(day.getTime()) && dayText(day) === plain ? day : plain;
}

/** A text as ISO 8601 has times, with a zone, or milliseconds since 1970. */
function timeOf(plain: unknown): unknown {
  if (typeof plain === 'number') return validDate(new Date(plain), plain);
  if (typeof plain !== 'string' || !TIME.test(plain)) return plain;
  const day = dayOf(plain.slice(0, plain.indexOf('T')));
  return day instanceof Date ? validDate(new Date(plain), plain) : plain;
}

function isWhole(plain: unknown): plain is string | number {
  return typeof plain === 'string' ? WHOLE.test(plain) : Number.isSafeInteger(plain);
}

/** A whole number beyond 2^53 that a `double` holds all the same. */
function isExactNumber(plain: unknown): boolean {
  return typeof plain === 'bigint' && Number.isFinite(Number(plain)) && BigInt(Number(plain)) === plain;
}

function validDate(date: Date, plain: unknown): unknown {
  return Number.isNaN(date.getTime()) ? plain : date;
}

/** As JSON can hold it; `parsePlain` reads it back. */
export function toPlain(type: AvroType, value: unknown): unknown {
  if (isUnion(type)) return unionPlain(type, value);
  if (isRecord(type)) return recordPlain(type, value);
  if (isArray(type) && Array.isArray(value)) return value.map((item) => toPlain(type.itemsType, item));
  if (isMapType(type) && isObject(value)) return mapped(value, (item) => toPlain(type.valuesType, item));
  return type.typeName === 'logical:date' && value instanceof Date ? dayText(value) : plainOf(value);
}

function recordPlain({ fields }: RecordType, value: unknown): unknown {
  const values = new Map(Object.entries(Object(value)));
  return Object.fromEntries(fields.map(({ name, type }) => [name, toPlain(type, values.get(name))]));
}

function unionPlain(union: UnionType, value: unknown): unknown {
  if (value === null) return null;
  const { types } = union;
  if (isUnwrapped(union)) {
    const type = types[union._getIndex(value) ?? -1];
    return type === undefined ? plainOf(value) : toPlain(type, value);
  }
  // A wrapped value has one property, named after its branch.
  return mapped(Object(value), (wrapped, name) => {
    const branch = types.find(({ branchName }) => branchName === name);
    return branch === undefined ? plainOf(wrapped) : toPlain(branch, wrapped);
  });
}

function dayText(day: Date): string {
  const text = day.toISOString();
  return text.slice(0, text.indexOf('T'));
}

function fits(type: AvroType, value: unknown): boolean {
  return type.isValid(value, { errorHook: () => undefined });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mapped(object: object, map: (value: unknown, name: string) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value, name)]));
}
