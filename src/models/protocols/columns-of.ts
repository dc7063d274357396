import { ModelError } from '../model-error.ts';

/** Rows with names for their values, as JSON objects have them. */
export type NamedRow = Readonly<Record<string, unknown>>;

/**
 * Rows as columns: `{ a: [1, 2], b: [3, 4] }`. Every row must have every column: a column of another length would shift the
 * values of some servers, or be stretched by others (MLServer's pandas codec), without a word.
 *
 * @param names the columns, in order. @default those of the first row, which all others must have, and no more
 */
export function columnsOf(rows: readonly NamedRow[], names?: readonly string[]): Record<string, unknown[]> {
  const wanted = namesOf(rows, names);
  return Object.fromEntries(wanted.map((name) => [name, rows.map((row) => row[name])]));
}

/** Rows as lists of values in the order of the names. */
export function valuesOf(rows: readonly NamedRow[], names: readonly string[]): unknown[][] {
  return rows.map((row) => names.map((name) => row[name]));
}

/** The names of the columns, once every row is known to have them. */
export function namesOf(rows: readonly NamedRow[], names?: readonly string[]): readonly string[] {
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

function problemOf(row: NamedRow, names: readonly string[], isExact: boolean): string | undefined {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return 'is not an object with a name for each value';
  const missing = names.find((name) => row[name] === undefined);
  if (missing !== undefined) return `has no "${missing}"`;
  if (!isExact) return undefined;
  const extra = Object.keys(row).find((name) => !names.includes(name) && row[name] !== undefined);
  return extra === undefined ? undefined : `has "${extra}", which the first has not`;
}
