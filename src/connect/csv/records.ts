import type { Line } from './lines.ts';

/** One record's text: one line, or several where a quoted field holds line ends. */
export interface RawRecord extends Line {
  /** The lines that follow the first one, taken into this record. */
  readonly more: readonly Line[];
}

/** Most lines that a quoted field may span; beyond them its opening quote is taken for a mistake in that one line. */
const MAX_LINES = 1_000;

/**
 * Joins lines to records: a line with an odd number of quotes continues in the next one. Where the closing quote is missing,
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
      open = yield* withoutFirst(open, quote);
      length = lengthOf(open);
    }
    if (open.length === 0) length = 0;
  }
  while (open.length > 0) open = yield* withoutFirst(open, quote);
}

/** Yields the first line alone, and what follows it up to the next line that opens a quote. */
function* withoutFirst([first, ...others]: readonly Line[], quote: string): Generator<RawRecord, Line[], undefined> {
  if (first !== undefined) yield single(first);
  return yield* apart(others, quote);
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

/** The lines as one record; the others hang on the first. */
function joined([first, ...more]: readonly Line[]): RawRecord {
  const { line = 0, end = '\n', tooLong = false, text = '' } = first ?? {};
  let whole = text;
  let before: string = end;
  for (const next of more) {
    whole += before + next.text;
    before = next.end;
  }
  return { line, text: whole, tooLong: tooLong || more.some((next) => next.tooLong), end, more };
}

function lengthOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { text }) => sum + text.length, 0);
}

function isOdd(text: string, quote: string): boolean {
  let odd = false;
  for (let at = text.indexOf(quote); at >= 0; at = text.indexOf(quote, at + 1)) odd = !odd;
  return odd;
}
