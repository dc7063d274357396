import { ExactNumber, NoJsonForm, preview, SerdeError, writeJson } from '../../topics/index.ts';

export type CsvDelimiter = ',' | ';' | '\t';

export interface CsvCell {
  /** Of the column. */
  readonly name: string;
  readonly value: unknown;
}

/** A row of a CSV file (RFC 4180) with its line end. @throws SerdeError `VALIDATION` for a value that has no text */
export function csvLine(cells: readonly CsvCell[], delimiter: CsvDelimiter): string {
  const texts = cells.map((cell) => quoted(textOf(cell), delimiter));
  const line = texts.join(delimiter);
  const [first = '', ...others] = texts;
  // Readers pass over a blank line.
  return line.trim() === '' ? `${[`"${first}"`, ...others].join(delimiter)}\n` : `${line}\n`;
}

function textOf({ name, value }: CsvCell): string {
  const text = cellText(name, value);
  if (!text.isWellFormed()) throw refused(name, `${preview(text)} has half of a surrogate pair, which UTF-8 cannot hold`);
  return text;
}

function cellText(name: string, value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'undefined':
      return '';
    case 'object':
      return value === null ? '' : objectText(name, value);
    default:
      throw refused(name, `${preview(value)} has no text`);
  }
}

function objectText(name: string, value: object): string {
  if (value instanceof ExactNumber) return value.text;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  try {
    return writeJson(value, { bigints: true });
  } catch (cause) {
    const path = cause instanceof NoJsonForm && cause.path !== '' ? `${cause.path}: ` : '';
    throw refused(name, `${path}${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

function refused(name: string, reason: string, cause?: unknown): SerdeError {
  return new SerdeError('VALIDATION', `column ${JSON.stringify(name)}: ${reason}`, { path: name, cause });
}

function quoted(text: string, delimiter: string): string {
  return text.includes(delimiter) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
