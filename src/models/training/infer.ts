import type { Feature, FeatureMap } from '../features/index.ts';

/** Rows of texts, as a CSV file has them; an empty text is a missing value. */
export type TextRow = Readonly<Record<string, string>>;

export interface Inferred {
  readonly fields: FeatureMap;
  /** Fields that were left out, with the reason. */
  readonly leftOut: Readonly<Record<string, string>>;
}

/** Most values of a field that becomes one column each; a field of more becomes the share of its value in the rows. */
const MOST_ONE_HOT = 32;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', 'none']);

/** Returns the number in a cell; null for a missing value, undefined for any other text. */
export function numberOf(cell: string): number | null | undefined {
  if (!NUMBER.test(cell)) return MISSING.has(cell.toLowerCase()) ? null : undefined;
  const number = Number(cell);
  return Number.isFinite(number) ? number : undefined;
}

/**
 * Returns features that fit the cells. Numbers are unchanged for trees, which also take missing ones; for a linear model they are
 * standardised, skewed ones by their logarithm, missing ones by their median. Texts become one column each, or their share.
 */
export function inferFeatures(rows: readonly TextRow[], names: readonly string[], kind: 'linear' | 'trees'): Inferred {
  const fields: Array<[string, Feature]> = [];
  const leftOut: Array<[string, string]> = [];
  for (const name of names) {
    const feature = inferFeature(
      rows.map((row) => (Object.hasOwn(row, name) ? (row[name] ?? '') : '')),
      kind,
    );
    if (typeof feature === 'string') leftOut.push([name, feature]);
    else fields.push([name, feature]);
  }
  return { fields: Object.fromEntries(fields), leftOut: Object.fromEntries(leftOut) };
}

function inferFeature(cells: readonly string[], kind: 'linear' | 'trees'): Feature | string {
  const numbers = cells.map(numberOf);
  if (numbers.every((number) => number === null)) return 'it is empty';
  const known = numbers.filter((number) => number !== undefined);
  if (known.length === numbers.length) return inferNumber(known, kind);
  const counts = new Map<string, number>();
  for (const cell of cells) if (cell !== '') counts.set(cell, (counts.get(cell) ?? 0) + 1);
  if (counts.size === 1 && !cells.includes('')) return 'it has one value';
  if (counts.size <= MOST_ONE_HOT) return { kind: 'oneHot', values: [...counts.keys()].sort(), unknown: 'zeros' };
  if (counts.size > cells.length / 2) return `it has ${counts.size} values in ${cells.length} rows, as names have${stray(cells, numbers)}`;
  const table = Object.fromEntries([...counts].map(([value, count]) => [value, count / cells.length]));
  return { kind: 'lookup', table, unknown: 0, missing: 0 };
}

/** Names a cell that is not a number, of a column in which most cells are numbers. */
function stray(cells: readonly string[], numbers: ReadonlyArray<number | null | undefined>): string {
  const others = cells.filter((_, at) => numbers[at] === undefined);
  return others.length > cells.length / 2 ? '' : `; most are numbers, and ${JSON.stringify(others[0]?.slice(0, 30))} is not`;
}

function inferNumber(numbers: ReadonlyArray<number | null>, kind: 'linear' | 'trees'): Feature | string {
  const present = numbers.filter((number) => number !== null);
  if (present.length === numbers.length && present.every((number) => number === present[0])) return 'it has one value';
  if (kind === 'trees') return { kind: 'numeric' };
  const median = present.toSorted((a, b) => a - b)[Math.floor(present.length / 2)] ?? 0;
  const plain = Math.abs(skewnessOf(present));
  const isLog = plain > 1 && Math.abs(skewnessOf(present.map((number) => Math.sign(number) * Math.log1p(Math.abs(number))))) < plain;
  return { kind: 'standardise', ...(isLog && { log: true }), missing: median };
}

function skewnessOf(numbers: readonly number[]): number {
  const moment = (power: number) => numbers.reduce((sum, number) => sum + (number - mean) ** power, 0) / numbers.length;
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  return moment(3) / moment(2) ** 1.5 || 0;
}
