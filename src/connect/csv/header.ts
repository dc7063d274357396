import { StreamerError } from '../../errors.ts';
import { fieldsOf } from './fields.ts';
import type { CsvOptions } from './options.ts';
import type { RawRecord } from './records.ts';
import { badByteIn } from './text.ts';

export interface Header {
  readonly names: readonly string[];
  readonly delimiter: string;
}

/** @throws StreamerError `DECODE` when the header is malformed, or lacks a column that was asked for */
export function readHeader(file: string, record: RawRecord, { delimiter = 'auto', columns = [] }: CsvOptions): Header {
  const bad = badByteIn(record.text);
  if (bad !== undefined) throw notUtf8(`the header of ${file}`, bad.byte, bad.before.length + 1);
  const chosen = delimiter === 'auto' ? guessDelimiter(record.text) : delimiter;
  const fields = fieldsOf([record], chosen);
  if (fields instanceof StreamerError)
    throw new StreamerError('DECODE', `the header of ${file} is malformed: ${fields.message}`, { cause: fields });
  const names = (fields[0] ?? []).map((name) => name.trim());
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new StreamerError('DECODE', `the header of ${file} names ${JSON.stringify(twice)} twice`);
  const missing = columns.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw new StreamerError('DECODE', `${file} has no column ${missing.join(', ')}; it has ${names.join(', ')}`, {
      next: 'Name a file with these columns.',
    });
  }
  return { names, delimiter: chosen };
}

export function notUtf8(where: string, byte: string, character: number): StreamerError {
  return new StreamerError('DECODE', `${where} is not UTF-8 from character ${character} on (${byte})`, {
    next: "Name the file's encoding, as encoding: 'windows-1252'.",
  });
}

function guessDelimiter(header: string): string {
  const counts = [',', ';', '\t'].map((mark) => ({ mark, count: header.split(mark).length }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).mark;
}
