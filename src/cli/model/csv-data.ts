import { readCsv } from '../../connect/index.ts';
import { CommandError } from '../command-error.ts';

/** A row of a data file: cells by column, without white space around them. */
export interface DataRow {
  /** In the file, from 1. */
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
}

/** What is wrong with a row. */
export interface BadRow {
  readonly line: number;
  readonly message: string;
}

export interface DataFile {
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: readonly DataRow[];
  readonly bad: readonly BadRow[];
}

/** @throws CommandError, StreamerError when the file cannot be read, is empty, or lacks a column */
export async function readData(file: string, columns: readonly string[] = []): Promise<DataFile> {
  const rows: DataRow[] = [];
  const bad: BadRow[] = [];
  for await (const result of readCsv(file)) {
    const { line } = result;
    if ('error' in result) bad.push({ line, message: result.error.message });
    else rows.push({ line, cells: Object.fromEntries(Object.entries(result.row).map(([name, cell]) => [name, cell.trim()])) });
  }
  if (rows.length === 0 && bad.length === 0) throw new CommandError(1, `${file} has no rows`);
  const found = Object.keys(rows[0]?.cells ?? {});
  const absent = columns.filter((name) => rows.length > 0 && !found.includes(name));
  if (absent.length > 0) throw new CommandError(2, `${file} has no column ${absent.join(', ')}`, { next: `It has ${found.join(', ')}.` });
  return { file, columns: found, rows, bad };
}

/**
 * Which rows of the data are in another file too, by the columns that both have but the target and those without a name.
 *
 * @throws CommandError when none is
 */
export async function rowsIn(data: DataFile, file: string, target: string): Promise<(row: DataRow) => boolean> {
  const other = await readData(file);
  const shared = other.columns.filter((name) => name !== '' && name !== target && data.columns.includes(name));
  if (shared.length === 0) throw new CommandError(2, `${file} and ${data.file} have no column in common but the target`);
  const keyOf = ({ cells }: DataRow) => shared.map((name) => cells[name]).join('\u0000');
  const keys = new Set(other.rows.map(keyOf));
  const isIn = (row: DataRow) => keys.has(keyOf(row));
  if (!data.rows.some(isIn))
    throw new CommandError(2, `none of the ${other.rows.length} rows of ${file} is in ${data.file}`, {
      next: `They are compared by ${shared.join(', ')}: are these written alike in both?`,
    });
  return isIn;
}

const SHOWN = 10;

/** Ends the command with what is wrong with the rows, unless they are to be skipped. */
export function checkBad(file: string, bad: readonly BadRow[], policy: 'refuse' | 'skip'): void {
  if (bad.length === 0 || policy === 'skip') return;
  const sorted = bad.toSorted((a, b) => a.line - b.line);
  const list = sorted.slice(0, SHOWN).map(({ line, message }) => `${file}, line ${line}: ${message}`);
  if (bad.length > SHOWN) list.push(`and ${bad.length - SHOWN} more`);
  throw new CommandError(1, bad.length === 1 ? (list[0] as string) : `${bad.length} rows cannot be used:\n  ${list.join('\n  ')}`, {
    next: 'Fix them, or leave them out with --bad-rows skip.',
  });
}
