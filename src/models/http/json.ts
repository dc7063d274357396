import { messageOf } from '../../errors.ts';
import { ModelError } from '../model-error.ts';
import { findInexact, type Inexact, InexactNumber, type Rule, writeRule } from './inexact.ts';

/** A whole string, a number that JSON does not have, or one that it has. Strings come first, so that no number within one is matched. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\bInfinity\b|\bNaN\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** An integer of more digits than every number of JavaScript keeps, perhaps within a string. */
const LONG = /(?:^|[[,:\s-])\d{16}/;
/** Stands for a number while the rest is parsed; no server sends it. */
const MARK = `\u0000${Math.random().toString(36).slice(2)}:`;

/**
 * Reads JSON as Python's `json.dumps` writes it: numbers may be `NaN`, `Infinity` and `-Infinity`, which are returned as such. An integer
 * that no number equals is returned as an `InexactNumber`. Otherwise as strict as `JSON.parse`.
 */
export function readJson(text: string): unknown {
  if (LONG.test(text)) return readMarked(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
    return readMarked(text);
  }
}

function readMarked(text: string): unknown {
  const marked = text.replace(STRING_OR_NUMBER, (token) => {
    const isMarked = !token.startsWith('"') && (token.endsWith('NaN') || token.endsWith('y') || isInexact(token));
    return isMarked ? JSON.stringify(MARK + token) : token;
  });
  if (marked === text) return JSON.parse(text);
  return JSON.parse(marked, (_key, value: unknown) =>
    typeof value === 'string' && value.startsWith(MARK) ? numberOf(value.slice(MARK.length)) : value,
  );
}

function numberOf(token: string): number | InexactNumber {
  return isInexact(token) ? new InexactNumber(token) : Number(token);
}

/** A number with a fraction or an exponent is a float, and rounded as every float is. */
function isInexact(token: string): boolean {
  return /^-?\d{16,}$/.test(token) && BigInt(token) !== BigInt(Number(token));
}

/** What `JSON.stringify` writes in place of a value without a JSON form, or where one may be hidden. */
const SUSPECT = /null|\{\}|\{"0":|\{"type":"Buffer"|\\ud[89a-f]/i;

export interface WriteOptions {
  /** The rows that the body is made of: an error names those at fault. */
  readonly rows?: readonly unknown[] | undefined;
  /** Write `NaN` and `Infinity` as bare tokens, for servers that read them. @default false: they are refused */
  readonly tokens?: boolean | undefined;
}

/**
 * Returns the body as JSON, exactly.
 *
 * @throws ModelError `REFUSED` with the rows that have a value without a JSON form, as NaN, Infinity, a Map or half a surrogate pair
 */
export function writeJson(body: unknown, { rows, tokens = false }: WriteOptions = {}): string {
  const text = stringified(body);
  if (!SUSPECT.test(text)) return text;
  const rule: Rule = tokens ? (value, isInList) => (typeof value === 'number' ? undefined : writeRule(value, isInList)) : writeRule;
  const found = rows?.map((row) => findInexact(row, rule)) ?? [findInexact(body, rule)];
  const first = found.find((inexact) => inexact !== undefined);
  if (first !== undefined) throw inexactRows(first, found);
  return tokens ? withTokens(body) : text;
}

function inexactRows({ place, problem }: Inexact, found: ReadonlyArray<Inexact | undefined>): ModelError {
  const field = /^[^.[]+/.exec(place)?.[0];
  return new ModelError('REFUSED', `a row cannot be written as JSON: ${place === '' ? 'it' : place} ${problem}`, {
    rows: found.flatMap((inexact, at) => (inexact === undefined ? [] : [at])),
    field,
    next: 'null stands for a missing value.',
  });
}

function stringified(body: unknown): string {
  try {
    const text = JSON.stringify(body);
    if (text !== undefined) return text;
  } catch (cause) {
    throw new ModelError('REFUSED', `a row cannot be written as JSON: ${messageOf(cause)}`, { cause });
  }
  throw new ModelError(
    'REFUSED',
    'a row has no JSON form: `features` must return an object, a list, a string, a number, a boolean or null',
  );
}

function withTokens(body: unknown): string {
  const marked = JSON.stringify(body, (_key, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? MARK + String(value) : value,
  );
  return marked.replaceAll(new RegExp(`"${JSON.stringify(MARK).slice(1, -1).replaceAll('\\', '\\\\')}(-?\\w+)"`, 'g'), '$1');
}

/** Returns the value for a message: as JSON, cut to a readable length, with the names of numbers that JSON lacks. */
export function shown(value: unknown, length = 120): string {
  const text = sketch(value);
  return text.length > length ? `${text.slice(0, length)}...` : text;
}

function sketch(value: unknown): string {
  try {
    const named = (_key: string, one: unknown) => (typeof one === 'number' && !Number.isFinite(one) ? String(one) : one);
    return JSON.stringify(value, named) ?? String(value);
  } catch (error) {
    return `a value that cannot be shown (${messageOf(error)})`;
  }
}
