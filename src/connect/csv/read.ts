import { createReadStream } from 'node:fs';
import { isStreamerError, StreamerError } from '../../errors.ts';
import { checkOptions } from '../../options/index.ts';
import { fieldsOf, QUOTE } from './fields.ts';
import { type Header, notUtf8, readHeader } from './header.ts';
import { splitLines } from './lines.ts';
import { type CsvOptions, csvOptions } from './options.ts';
import { joinRecords, type RawRecord, single } from './records.ts';
import { badByteIn, decodeText, encodingOf } from './text.ts';

/** A row by the names of the header; all values are text. */
export interface CsvRow {
  /** Of the row's first line, counted from 1; the header is line 1. */
  readonly line: number;
  readonly text: string;
  readonly row: Readonly<Record<string, string>>;
}

/** A line that is not a row. Reading goes on behind it. */
export interface CsvProblem {
  readonly line: number;
  readonly text: string;
  readonly error: StreamerError;
}

/** Rows parsed by one call. */
const BLOCK = 200;
const LINE_END = /\r\n|\n|\r/;

/**
 * Reads a CSV file (RFC 4180: quotes doubled within quotes, line ends allowed in them, up to 1,000 a row) as a stream, with or
 * without byte order mark. Lines end with LF, CR LF or CR. Blank lines are passed over. A malformed line (quotes, number of fields,
 * bytes that are not UTF-8) is a `CsvProblem`, and the rows behind it still come.
 *
 * @throws StreamerError `USAGE` when the file cannot be read, `DECODE` when it has no header or not the columns asked for
 * @throws ConfigError for an encoding that does not exist
 */
export async function* readCsv(file: string, options: CsvOptions = {}): AsyncGenerator<CsvRow | CsvProblem, void, undefined> {
  checkOptions<CsvOptions>('readCsv', options, csvOptions);
  let header: Header | undefined;
  let block: RawRecord[] = [];
  const { maxLineLength = 1_000_000 } = options;
  for await (const record of joinRecords(splitLines(textOf(file, options), maxLineLength), QUOTE, maxLineLength)) {
    if (isBlank(record.text, header)) continue;
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

/** A line of tabs alone is a row when these stand between the fields. */
function isBlank(text: string, header: Header | undefined): boolean {
  return text.trim() === '' && !(header !== undefined && text.includes(header.delimiter));
}

async function* textOf(file: string, { signal, encoding = 'utf-8' }: CsvOptions): AsyncGenerator<string, void, undefined> {
  try {
    yield* decodeText(createReadStream(file, signal && { signal }), encodingOf(encoding) ?? encoding);
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (isStreamerError(cause)) throw new StreamerError(cause.code, `${file}: ${reason}`, { cause, next: cause.next });
    throw new StreamerError('USAGE', `cannot read ${file}: ${reason}`, { cause, next: 'Name a CSV file that exists and may be read.' });
  }
}

/** One call for the whole block; where that fails, one per record, and one per line where lines were joined in vain. */
function* rowsOf(block: readonly RawRecord[], header: Header): Generator<CsvRow | CsvProblem, void, undefined> {
  const isFit = block.every(({ tooLong, text }) => !tooLong && text.isWellFormed());
  const all = isFit ? fieldsOf(block, header.delimiter) : undefined;
  if (Array.isArray(all) && all.length === block.length) {
    for (const [at, record] of block.entries()) yield rowOf(record, all[at] ?? [], header);
    return;
  }
  for (const record of block) {
    const fields = record.tooLong ? new StreamerError('DECODE', 'the line is too long') : fieldsOf([record], header.delimiter);
    if (Array.isArray(fields)) {
      yield badBytes(record) ?? rowOf(record, fields[0] ?? [], header);
      continue;
    }
    yield badBytes({ ...record, ...firstLine(record) }) ?? { ...firstLine(record), error: fields };
    yield* rowsOf(record.more.filter(({ text }) => !isBlank(text, header)).map(single), header);
  }
}

/** The record as a problem, by the line of its first byte that is not UTF-8. */
function badBytes({ line, text }: Pick<RawRecord, 'line' | 'text'>): CsvProblem | undefined {
  const bad = badByteIn(text);
  if (bad === undefined) return undefined;
  const lines = bad.before.split(LINE_END);
  const [last = ''] = lines.slice(-1);
  return { line: line + lines.length - 1, text: text.toWellFormed(), error: notUtf8('the line', bad.byte, last.length + 1) };
}

function firstLine({ line, text, more }: RawRecord): Pick<CsvProblem, 'line' | 'text'> {
  return { line, text: more.length === 0 ? text : text.split(LINE_END, 1).join() };
}

function rowOf({ line, text }: RawRecord, fields: readonly string[], { names }: Header): CsvRow | CsvProblem {
  if (fields.length !== names.length) {
    return { line, text, error: new StreamerError('DECODE', `${fields.length} fields where the header has ${names.length}`) };
  }
  return { line, text, row: Object.fromEntries(names.map((name, at) => [name, fields[at] ?? ''])) };
}
