import { randomUUID } from 'node:crypto';
import { type ExactNumber, exactValue } from './exact-number.ts';

type Exact = bigint | ExactNumber;

/** What a text must have somewhere to hold a number that a `number` does not: 16 digits and points in a row, or a large exponent. */
const CANDIDATE = /[\d.]{16}|[eE][+-]?\d{3}/;
const NUMBER = /-?\d[\d.eE+-]*/g;
/** The shortest text of such a number: `1e309`. */
const SHORTEST = 5;
/** Stands for a number in the text that `JSON.parse` gets. It is random, so no text can contain it. */
const MARK = `${randomUUID()}:`;

/**
 * Reads JSON without rounding: whole numbers beyond 2^53 are `bigint`, other numbers that a `number` cannot hold are
 * `ExactNumber`. Texts without such numbers cost one search beyond `JSON.parse`.
 *
 * @throws SyntaxError
 */
export function parseExactly(source: string): unknown {
  if (!CANDIDATE.test(source)) return JSON.parse(source);
  const { text, numbers } = markNumbers(source);
  if (numbers.length === 0) return JSON.parse(source);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The message is to name the place in the text that was given.
    return JSON.parse(source);
  }
  return restore(parsed, numbers);
}

interface Marked {
  readonly text: string;
  readonly numbers: readonly Exact[];
}

/** Puts a marked string in the place of each number that needs it. Jumps from quote to quote, so long strings cost nothing. */
function markNumbers(source: string): Marked {
  const numbers: Exact[] = [];
  let text = '';
  let copied = 0;
  let at = 0;
  while (at < source.length) {
    const quote = source.indexOf('"', at);
    const end = quote < 0 ? source.length : quote;
    if (end - at >= SHORTEST) {
      NUMBER.lastIndex = at;
      for (let match = NUMBER.exec(source); match !== null && match.index < end; match = NUMBER.exec(source)) {
        const value = exactOf(match[0]);
        const after = NUMBER.lastIndex;
        if (value === undefined || isName(source, after)) continue;
        text += `${source.slice(copied, match.index)}"${MARK}${numbers.length}"`;
        copied = after;
        numbers.push(value);
      }
    }
    if (quote < 0) break;
    at = afterString(source, quote);
  }
  return { text: text + source.slice(copied), numbers };
}

/** The value of a number that JSON.parse would round; undefined for others, and for what is not a number. */
function exactOf(token: string): Exact | undefined {
  if (token.length < 16 && !/[eE]/.test(token)) return undefined;
  const value = exactValue(token);
  return typeof value === 'number' ? undefined : value;
}

/** A number before a colon is not JSON, and must not become a name by its mark. */
function isName(source: string, at: number): boolean {
  return /^\s*:/.test(source.slice(at, at + 64));
}

/** Position behind the string that begins at a quote. */
function afterString(source: string, quote: number): number {
  let end = source.indexOf('"', quote + 1);
  while (end >= 0 && isEscaped(source, end)) end = source.indexOf('"', end + 1);
  return end < 0 ? source.length : end + 1;
}

function isEscaped(source: string, quote: number): boolean {
  let slashes = 0;
  while (source[quote - 1 - slashes] === '\\') slashes++;
  return slashes % 2 === 1;
}

/** Replaces the marks, without recursion: JSON may be nested as deeply as it likes. */
function restore(parsed: unknown, numbers: readonly Exact[]): unknown {
  const root: Fields = { parsed };
  const open: Fields[] = [root];
  let left = numbers.length;
  for (let holder = open.pop(); holder !== undefined && left > 0; holder = open.pop()) {
    for (const name in holder) {
      const part = holder[name];
      if (isFields(part)) open.push(part);
      else if (typeof part === 'string' && part.startsWith(MARK)) {
        set(holder, name, numbers[Number(part.slice(MARK.length))]);
        left--;
      }
    }
  }
  return root.parsed;
}

type Fields = { [name: string]: unknown };

/** Lists too, whose names are their positions. */
function isFields(part: unknown): part is Fields {
  return typeof part === 'object' && part !== null;
}

/** Also for a field named `__proto__`, which an assignment does not reach. */
function set(holder: Fields, name: string, value: unknown): void {
  if (name !== '__proto__') holder[name] = value;
  else Object.defineProperty(holder, name, { value, writable: true, enumerable: true, configurable: true });
}
