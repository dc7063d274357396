import { ModelError } from '../model-error.ts';
import { isRecord, valueOf } from '../record.ts';

/**
 * Returns rows as columns: `{ a: [1, 2], b: [3, 4] }`. Every row must have every column: a column of another length would shift the
 * values on some servers, or be stretched by others (MLServer's pandas codec), silently.
 *
 * @param names the columns, in order. @default those of the first row, which all others must have, and no more
 */
export function columnsOf(rows: readonly unknown[], names?: readonly string[]): Record<string, unknown[]> {
  const wanted = namesOf(rows, names);
  return Object.fromEntries(wanted.map((name) => [name, rows.map((row) => valueOf(row, name))]));
}

/** Returns rows as lists of values in the order of the names. */
export function valuesOf(rows: readonly unknown[], names: readonly string[]): unknown[][] {
  return rows.map((row) => names.map((name) => valueOf(row, name)));
}

/**
 * Returns the names of the columns.
 *
 * @throws ModelError `REFUSED` with the rows that lack one
 */
export function namesOf(rows: readonly unknown[], names?: readonly string[]): readonly string[] {
  const wanted = names ?? Object.keys(rows[0] ?? {});
  const bad: number[] = [];
  let first: string | undefined;
  for (const [at, row] of rows.entries()) {
    const problem = problemOf(row, wanted, names === undefined);
    if (problem === undefined) continue;
    bad.push(at);
    first ??= `row ${at} ${problem}`;
  }
  if (first === undefined) return wanted;
  throw new ModelError('REFUSED', `${first}; as columns, every row must have the same names`, { rows: bad });
}

function problemOf(row: unknown, names: readonly string[], isExact: boolean): string | undefined {
  if (!isRecord(row)) return 'is not an object with a name for each value';
  const missing = names.find((name) => valueOf(row, name) === undefined);
  if (missing !== undefined) return `has no "${missing}"`;
  if (!isExact) return undefined;
  const extra = Object.keys(row).find((name) => !names.includes(name) && valueOf(row, name) !== undefined);
  return extra === undefined ? undefined : `has "${extra}", and the first row does not`;
}
