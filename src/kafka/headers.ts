import type { RecordHeaders } from './client.ts';

/**
 * What an object of headers cannot say: the order of names that come again between others, or that look like numbers, and
 * that a value was missing. Records that have such headers carry them as they came, under this symbol: copies by spread take
 * it along, and the encoder (`eachHeader`) follows it for every header that is still what it was.
 */
const EXACT = Symbol.for('streamerjs.headers');
/** Stands in the object for a value that was missing. */
const NO_VALUE: Buffer = Buffer.alloc(0);

type HeaderList = ReadonlyArray<readonly [name: string, value: Buffer | null]>;
type Exact = { [EXACT]?: HeaderList };

/** Headers in the order and form in which they stand in a record. */
export function exactHeaders(list: HeaderList): RecordHeaders {
  const headers: RecordHeaders = {};
  for (const [name, value] of list) addHeader(headers, name, value ?? NO_VALUE);
  (headers as Exact)[EXACT] = list;
  return headers;
}

/** Sets a header, or adds a further value to one. */
export function addHeader(headers: RecordHeaders, name: string, value: Buffer): void {
  const known = Object.hasOwn(headers, name) ? headers[name] : undefined;
  const all = known === undefined ? value : Buffer.isBuffer(known) ? [known, value] : [...known, value];
  setHeader(headers, name, all);
}

/** A header may be called `__proto__`. */
export function setHeader(headers: RecordHeaders, name: string, value: Buffer | readonly Buffer[]): void {
  if (name === '__proto__') Object.defineProperty(headers, name, { value, writable: true, enumerable: true, configurable: true });
  else headers[name] = value;
}

/** Must they be carried as they came, because an object would change them? */
export function isOddName(name: string): boolean {
  const first = name.charCodeAt(0);
  return name === '__proto__' || (first >= 0x30 && first <= 0x39 && /^\d+$/.test(name));
}

/** What `from` knows of its headers' form, for a copy of it. */
export function keepForm(to: RecordHeaders, from: object): RecordHeaders {
  const list = (from as Exact)[EXACT];
  if (list !== undefined) (to as Exact)[EXACT] = list;
  return to;
}

/** Those whose names are wanted. */
export function pickHeaders(headers: RecordHeaders, isWanted: (name: string) => boolean): RecordHeaders {
  return keepForm(Object.fromEntries(Object.entries(headers).filter(([name]) => isWanted(name))), headers);
}

/** Every header in order: as they came where they are what they were, then what was changed or added. */
export function eachHeader(headers: RecordHeaders | undefined, visit: (name: string, value: Buffer | null) => void): void {
  if (headers === undefined) return;
  const list = (headers as Exact)[EXACT];
  if (list === undefined) eachOf(headers, visit);
  else eachExact(headers, list, visit);
}

/** A header's value may be missing where records of other producers are forwarded: Kafka allows null. */
function eachOf(headers: RecordHeaders, visit: (name: string, value: Buffer | null) => void): void {
  for (const name of Object.keys(headers)) {
    const value = headers[name] as Buffer | readonly (Buffer | null)[] | null | undefined;
    if (Array.isArray(value)) for (const each of value) visit(name, each ?? null);
    else visit(name, (value as Buffer | null | undefined) ?? null);
  }
}

function eachExact(headers: RecordHeaders, list: HeaderList, visit: (name: string, value: Buffer | null) => void): void {
  const left = new Map<string, Array<Buffer | null>>();
  eachOf(headers, (name, value) => left.set(name, [...(left.get(name) ?? []), value]));
  for (const [name, value] of list) {
    const own = left.get(name) ?? [];
    const at = own.indexOf(value ?? NO_VALUE);
    if (at < 0) continue;
    own.splice(at, 1);
    visit(name, value);
  }
  for (const [name, values] of left) for (const value of values) visit(name, value);
}
