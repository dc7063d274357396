import { ConfigError } from '../../errors.ts';
import type { TableOfNumbers } from './data.ts';

/** A column whose values were put into bins, by size. */
export interface RangeColumn {
  readonly column: number;
  readonly kind: 'range';
  /** Smallest and largest value of each bin. */
  readonly lows: Float32Array;
  readonly highs: Float32Array;
}

/** A column of 0 and 1 that shares its codes with others, of which at most one is 1, as the columns of a one-hot field. */
export interface FlagColumn {
  readonly column: number;
  readonly kind: 'flag';
  /** Code of the rows in which the column is 1. */
  readonly code: number;
}

/** Columns that share one code a row: a single one, or the flags of a field. A histogram counts each group once. */
export interface Group {
  /** By row: a bin (one beyond the last: missing), or the flag that is 1 (0: none). */
  readonly codes: Uint16Array;
  readonly columns: readonly [RangeColumn] | readonly FlagColumn[];
  /** Where its codes begin in a histogram. */
  readonly offset: number;
  readonly size: number;
}

export interface Bins {
  readonly groups: readonly Group[];
  /** Codes of all groups. */
  readonly slots: number;
}

const MOST = 65_535;

/** @throws ConfigError when all values must be kept apart and a column has too many */
export function binsOf(table: TableOfNumbers, most: number | 'exact'): Bins {
  const groups: Group[] = [];
  let slots = 0;
  const add = (group: Omit<Group, 'offset'>) => {
    groups.push({ ...group, offset: slots });
    slots += group.size;
  };
  for (let column = 0; column < table.columns.length; ) {
    const flags = flagsFrom(table, column);
    if (flags === undefined) add(rangeGroup(table, column, most));
    else add(flags);
    column += flags?.columns.length ?? 1;
  }
  return { groups, slots };
}

/** Returns the columns of 0 and 1 from this one on that exclude one another; undefined when this one is not of that kind. */
function flagsFrom({ numbers, columns, rows }: TableOfNumbers, start: number): Omit<Group, 'offset'> | undefined {
  const codes = new Uint16Array(rows);
  const flags: FlagColumn[] = [];
  for (let column = start; column < columns.length && flags.length < MOST; column++) {
    if (!isFlag(numbers, columns.length, column, codes)) break;
    const code = flags.length + 1;
    for (let row = 0; row < rows; row++) if (numbers[row * columns.length + column] === 1) codes[row] = code;
    flags.push({ column, kind: 'flag', code });
  }
  return flags.length === 0 ? undefined : { codes, columns: flags, size: flags.length + 1 };
}

function isFlag(numbers: Float32Array, width: number, column: number, taken: Uint16Array): boolean {
  for (let at = column, row = 0; at < numbers.length; at += width, row++) {
    const number = numbers[at];
    if (number !== 0 && (number !== 1 || taken[row] !== 0)) return false;
  }
  return true;
}

function rangeGroup({ numbers, columns, rows }: TableOfNumbers, column: number, most: number | 'exact'): Omit<Group, 'offset'> {
  const width = columns.length;
  const values = new Float32Array(rows);
  for (let row = 0; row < rows; row++) values[row] = (numbers[row * width + column] ?? 0) + 0;
  const { lows, highs } = edgesOf(values, most, columns[column] ?? String(column));
  const codes = new Uint16Array(rows);
  for (let row = 0; row < rows; row++) codes[row] = binOf(values[row] ?? 0, highs);
  return { codes, columns: [{ column, kind: 'range', lows, highs }], size: highs.length + 1 };
}

/** Returns a bin for each value while there are few enough, else bins of about the same number of rows. */
function edgesOf(values: Float32Array, most: number | 'exact', name: string): { lows: Float32Array; highs: Float32Array } {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const starts: number[] = [];
  for (let at = 0; at < sorted.length; at++) if (at === 0 || sorted[at] !== sorted[at - 1]) starts.push(at);
  if (most === 'exact' && starts.length > MOST)
    throw new ConfigError(`the column ${JSON.stringify(name)} has ${starts.length} different values; exact training takes ${MOST}`, {
      next: 'Give a number of bins, as 256.',
    });
  const kept = most === 'exact' || starts.length <= most ? starts : evenly(starts, sorted.length, most);
  return {
    lows: Float32Array.from(kept, (start) => sorted[start] ?? 0),
    highs: Float32Array.from(kept, (_, bin) => sorted[(kept[bin + 1] ?? sorted.length) - 1] ?? 0),
  };
}

/** Returns, of the places where a new value starts, the first one at or after each share of the rows. */
function evenly(starts: readonly number[], count: number, bins: number): number[] {
  const kept: number[] = [];
  let target = 0;
  for (const start of starts) {
    if (start < target) continue;
    kept.push(start);
    target = Math.max(start + 1, (count * kept.length) / bins);
  }
  return kept;
}

/** Returns the first bin that reaches up to the value; for a missing value, the number of bins. */
function binOf(value: number, highs: Float32Array): number {
  if (Number.isNaN(value)) return highs.length;
  let low = 0;
  let high = highs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((highs[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
