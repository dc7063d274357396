import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { StreamerError } from '../errors.ts';
import { joinRecords, type RawRecord, single } from './csv-records.ts';
import { splitLines } from './lines.ts';

export interface CsvOptions {
  /** `auto` takes the comma, semicolon or tab that the header has most of. @default 'auto' */
  readonly delimiter?: 'auto' | ',' | ';' | '\t' | undefined;
  /** Columns that the header must name. @default none */
  readonly columns?: readonly string[] | undefined;
  /** A longer line is malformed, and so is a quoted field that makes a row of several lines longer. In characters. @default 1_000_000 */
  readonly maxLineLength?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A row by the names of the header; all values are text. */
export interface CsvRow {
  /** Of the row's first line, counted from 1; the header is line 1. */
  readonly line: number;
  readonly text: string;
  readonly row: Readonly<Record<string, string>>;
}

/** A line that is no row. Reading goes on behind it. */
export interface CsvProblem {
  readonly line: number;
  readonly text: string;
  readonly error: StreamerError;
}

/** Rows parsed by one call: csv-parse costs far more per call than per row. */
const BLOCK = 200;
const QUOTE = '"';

/**
 * Reads a CSV file (RFC 4180: quotes doubled within quotes, line ends allowed in them, up to 1,000 a row) as a stream, in UTF-8 with or without
 * byte order mark. Blank lines are passed over. A malformed line (quotes, number of fields) comes as a `CsvProblem`, and
 * the rows behind it still come.
 *
 * @throws StreamerError `USAGE` when the file cannot be read, `DECODE` when it has no header or not the columns asked for
 */
export async function* readCsv(file: string, options: CsvOptions = {}): AsyncGenerator<CsvRow | CsvProblem, void, undefined> {
  let header: Header | undefined;
  let block: RawRecord[] = [];
  const { maxLineLength = 1_000_000, signal } = options;
  for await (const record of joinRecords(splitLines(textOf(file, signal), maxLineLength), QUOTE, maxLineLength)) {
    if (record.text.trim() === '') continue;
    if (header === undefined) {
      header = readHeader(file, record, options);
      continue;
    }
    block.push(record);
    if (block.length < BLOCK) continue;
    yield* rowsOf(block, header);
    block = [];
  }
  if (header === undefined) throw new StreamerError('DECODE', `${file} is empty: it has no header line`);
  yield* rowsOf(block, header);
}

interface Header {
  readonly names: readonly string[];
  readonly delimiter: string;
}

async function* textOf(file: string, signal: AbortSignal | undefined): AsyncGenerator<string, void, undefined> {
  let first = true;
  try {
    for await (const chunk of createReadStream(file, { encoding: 'utf8', ...(signal && { signal }) })) {
      yield first ? (chunk as string).replace(/^\uFEFF/, '') : (chunk as string);
      first = false;
    }
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    throw new StreamerError('USAGE', `cannot read ${file}: ${(cause as Error).message}`, {
      cause,
      next: 'Name a CSV file that exists and may be read.',
    });
  }
}

function readHeader(file: string, record: RawRecord, { delimiter = 'auto', columns = [] }: CsvOptions): Header {
  const chosen = delimiter === 'auto' ? guessDelimiter(record.text) : delimiter;
  const fields = fieldsOf([record], chosen);
  if (fields instanceof StreamerError)
    throw new StreamerError('DECODE', `the header of ${file} is malformed: ${fields.message}`, { cause: fields });
  const names = (fields[0] as string[]).map((name) => name.trim());
  const twice = names.filter((name, at) => names.indexOf(name) !== at);
  if (twice.length > 0) throw new StreamerError('DECODE', `the header of ${file} names ${JSON.stringify(twice[0])} twice`);
  const missing = columns.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw new StreamerError('DECODE', `${file} has no column ${missing.join(', ')}; it has ${names.join(', ')}`, {
      next: 'Name a file with these columns.',
    });
  }
  return { names, delimiter: chosen };
}

function guessDelimiter(header: string): string {
  const counts = [',', ';', '\t'].map((mark) => ({ mark, count: header.split(mark).length }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).mark;
}

/** One call for the whole block; where that fails, one per record, and one per line where lines were joined in vain. */
function* rowsOf(block: readonly RawRecord[], header: Header): Generator<CsvRow | CsvProblem, void, undefined> {
  const all = block.some(({ tooLong }) => tooLong) ? undefined : fieldsOf(block, header.delimiter);
  if (Array.isArray(all) && all.length === block.length) {
    for (const [at, record] of block.entries()) yield rowOf(record, all[at] as string[], header);
    return;
  }
  for (const record of block) {
    const fields = record.tooLong ? new StreamerError('DECODE', 'the line is too long') : fieldsOf([record], header.delimiter);
    if (Array.isArray(fields)) {
      yield rowOf(record, fields[0] as string[], header);
      continue;
    }
    const first = record.more.length === 0 ? record.text : record.text.split(/\r?\n/, 1).join();
    yield { line: record.line, text: first, error: fields };
    yield* rowsOf(record.more.filter(({ text }) => text.trim() !== '').map(single), header);
  }
}

function rowOf(record: RawRecord, fields: readonly string[], { names }: Header): CsvRow | CsvProblem {
  const { line, text } = record;
  if (fields.length !== names.length) {
    return { line, text, error: new StreamerError('DECODE', `${fields.length} fields where the header has ${names.length}`) };
  }
  return { line, text, row: Object.fromEntries(names.map((name, at) => [name, fields[at] as string])) };
}

function fieldsOf(records: readonly RawRecord[], delimiter: string): string[][] | StreamerError {
  try {
    return parse(records.map(({ text }) => text).join('\n'), { delimiter, quote: QUOTE, relax_column_count: true, record_delimiter: '\n' });
  } catch (cause) {
    const reason = (cause as Error).message.replace(/ at line \d+.*$/s, '');
    return new StreamerError('DECODE', reason, { cause });
  }
}
