import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { readJson } from '../../models/http/json.ts';
import type { FeatureRow } from '../../models/index.ts';
import { CommandError } from '../command-error.ts';

export interface Line {
  /** From 1. */
  readonly number: number;
  readonly row: FeatureRow;
}

/** Windows' editors put one before the first line. */
const BYTE_ORDER_MARK = /^\uFEFF/;

/** A line that is no row; those before it are fine. */
export class BadLine extends CommandError {
  constructor(file: string, line: number, what: string, cause?: Error & { readonly next?: string | undefined }) {
    super(1, `${file === '-' ? 'standard input' : file}, line ${line}: ${what}`, { cause, next: cause?.next });
  }
}

/**
 * The rows of a file, or of standard input (`-`), in batches of up to `size`. Blank lines at the end are passed over; a bad line is
 * told after the batch of those before it.
 *
 * @throws BadLine, CommandError (exit 2) when the file cannot be read
 */
export async function* rowsOf(file: string, size: number): AsyncGenerator<Line[]> {
  let batch: Line[] = [];
  let number = 0;
  let blank = 0;
  for await (const line of linesOf(file)) {
    number++;
    const text = number === 1 ? line.replace(BYTE_ORDER_MARK, '') : line;
    if (text.trim() === '') {
      blank ||= number;
      continue;
    }
    const row = blank > 0 ? new BadLine(file, blank, 'it is empty') : parsed(file, number, text);
    if (row instanceof BadLine) {
      if (batch.length > 0) yield batch;
      throw row;
    }
    batch.push({ number, row });
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (cause) {
    throw new CommandError(2, `cannot read the rows: ${(cause as Error).message}`, { cause });
  }
}

/** Python writes NaN where JSON has null. */
function parsed(file: string, number: number, text: string): FeatureRow | BadLine {
  let row: unknown;
  try {
    row = readJson(text);
  } catch (cause) {
    return new BadLine(file, number, `it is not JSON: ${(cause as Error).message}`);
  }
  if (typeof row === 'object' && row !== null) return row as FeatureRow;
  return new BadLine(file, number, `a row is a list or an object, got ${text.trim().slice(0, 60)}`);
}
