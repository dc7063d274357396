import type { RecordHeaders } from './client.ts';

/**
 * An object of headers cannot hold the order of names that are repeated between others or that look like numbers, and not
 * that a value was missing. Records with such headers carry the exact list under this symbol. Copies by spread keep it, and
 * the encoder (`eachHeader`) follows it for every header that has not changed.
 */
const EXACT = Symbol.for('streamerjs.headers');
/** Stands in the object for a value that was missing. */
const NO_VALUE: Buffer = Buffer.alloc(0);

type HeaderList = ReadonlyArray<readonly [name: string, value: Buffer | null]>;

/** An object of headers that keeps the order and form in which they stand in a record. */
export function exactHeaders(list: HeaderList): RecordHeaders {
  const headers: RecordHeaders = {};
  for (const [name, value] of list) addHeader(headers, name, value ?? NO_VALUE);
  return withList(headers, list);
}

function listOf(headers: object): HeaderList | undefined {
  return (headers as { readonly [EXACT]?: HeaderList })[EXACT];
}

function withList(headers: RecordHeaders, list: HeaderList): RecordHeaders {
  return Object.assign(headers, { [EXACT]: list });
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

/** Returns true if an object would change the place of a header with this name. */
export function isOddName(name: string): boolean {
  const first = name.charCodeAt(0);
  return name === '__proto__' || (first >= 0x30 && first <= 0x39 && /^\d+$/.test(name));
}

/** Gives a copy of headers the exact list of the original, if there is one. */
export function keepForm(to: RecordHeaders, from: object): RecordHeaders {
  const list = listOf(from);
  return list === undefined ? to : withList(to, list);
}

/** Returns a copy with the headers whose names are wanted. */
export function pickHeaders(headers: RecordHeaders, isWanted: (name: string) => boolean): RecordHeaders {
  return keepForm(Object.fromEntries(Object.entries(headers).filter(([name]) => isWanted(name))), headers);
}

/** Calls back for every header in order: first those that have not changed, as they came, then those that were changed or added. */
export function eachHeader(headers: RecordHeaders | undefined, visit: (name: string, value: Buffer | null) => void): void {
  if (headers === undefined) return;
  const list = listOf(headers);
  if (list === undefined) eachOf(headers, visit);
  else eachExact(headers, list, visit);
}

/** A header's value may be missing where records of other producers are forwarded: Kafka allows null. */
function eachOf(headers: RecordHeaders, visit: (name: string, value: Buffer | null) => void): void {
  for (const name of Object.keys(headers)) {
    const value: Buffer | HeaderValues | null | undefined = headers[name];
    if (isList(value)) for (const each of value) visit(name, each ?? null);
    else visit(name, value ?? null);
  }
}

type HeaderValues = readonly (Buffer | null | undefined)[];

function isList(value: Buffer | HeaderValues | null | undefined): value is HeaderValues {
  return Array.isArray(value);
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
