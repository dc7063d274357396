import type { Line } from './lines.ts';

/** One record's text: one line, or several where a quoted field holds line ends. */
export interface RawRecord extends Line {
  /** The lines that follow the first one, taken into this record. */
  readonly more: readonly Line[];
}

/** A quoted field may span so many lines; beyond, its opening quote is taken for a slip of that one line. */
const MAX_LINES = 1_000;

/**
 * Joins lines to records: a line with an odd number of quotes goes on in the next one. Where the closing quote is missing,
 * the line stands alone, so that a stray quote does not swallow the rest of the file.
 *
 * @param maxLength of a record, in characters
 */
export async function* joinRecords(
  lines: AsyncIterable<Line>,
  quote: string,
  maxLength: number,
): AsyncGenerator<RawRecord, void, undefined> {
  let open: Line[] = [];
  let length = 0;
  for await (const line of lines) {
    const closes = isOdd(line.text, quote);
    if (open.length === 0 && !closes) {
      yield single(line);
      continue;
    }
    open.push(line);
    length += line.text.length;
    if (open.length > 1 && closes) {
      yield joined(open);
      open = [];
    }
    while (open.length >= MAX_LINES || (open.length > 1 && length > maxLength)) {
      const [first, ...others] = open as [Line, ...Line[]];
      yield single(first);
      open = yield* apart(others, quote);
      length = lengthOf(open);
    }
    if (open.length === 0) length = 0;
  }
  while (open.length > 0) {
    const [first, ...others] = open as [Line, ...Line[]];
    yield single(first);
    open = yield* apart(others, quote);
  }
}

/** Yields lines up to the next one that opens a quote, and returns that one with what follows. */
function* apart(lines: readonly Line[], quote: string): Generator<RawRecord, Line[], undefined> {
  const next = lines.findIndex((line) => isOdd(line.text, quote));
  for (const line of next < 0 ? lines : lines.slice(0, next)) yield single(line);
  return next < 0 ? [] : lines.slice(next);
}

export function single(line: Line): RawRecord {
  return { ...line, more: [] };
}

function joined(lines: readonly Line[]): RawRecord {
  const [first, ...more] = lines as [Line, ...Line[]];
  const { line, end } = first;
  const text = lines.map((each, at) => (at < more.length ? each.text + each.end : each.text)).join('');
  return { line, text, tooLong: lines.some(({ tooLong }) => tooLong), end, more };
}

function lengthOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { text }) => sum + text.length, 0);
}

function isOdd(text: string, quote: string): boolean {
  let odd = false;
  for (let at = text.indexOf(quote); at >= 0; at = text.indexOf(quote, at + 1)) odd = !odd;
  return odd;
}
