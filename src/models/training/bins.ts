import { ConfigError } from '../../errors.ts';
import type { Table } from './data.ts';

/** A column whose values were put into bins, by size. */
export interface RangeColumn {
  readonly column: number;
  readonly kind: 'range';
  /** Least and largest value of each bin. */
  readonly lows: Float32Array;
  readonly highs: Float32Array;
}

/** A column of 0 and 1 that shares its codes with others of which at most one is 1, as those of a one-hot field. */
export interface FlagColumn {
  readonly column: number;
  readonly kind: 'flag';
  /** Of the rows in which the column is 1. */
  readonly code: number;
}

/** Columns that share one code a row: a single one, or the flags of a field. A histogram counts each group once. */
export interface Group {
  /** By row: a bin (one behind the last: missing), or which of the flags is 1 (0: none). */
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

/** @throws ConfigError when all values are to be told apart and a column has too many */
export function binsOf(table: Table, most: number | 'exact'): Bins {
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

/** As many columns of 0 and 1 from this one on as exclude one another; undefined when it is none. */
function flagsFrom({ numbers, columns, rows }: Table, start: number): Omit<Group, 'offset'> | undefined {
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

function rangeGroup({ numbers, columns, rows }: Table, column: number, most: number | 'exact'): Omit<Group, 'offset'> {
  const width = columns.length;
  const values = new Float32Array(rows);
  for (let row = 0; row < rows; row++) values[row] = (numbers[row * width + column] as number) + 0;
  const { lows, highs } = edgesOf(values, most, columns[column] as string);
  const codes = new Uint16Array(rows);
  for (let row = 0; row < rows; row++) codes[row] = binOf(values[row] as number, highs);
  return { codes, columns: [{ column, kind: 'range', lows, highs }], size: highs.length + 1 };
}

/** A bin for each value while there are not too many, else bins of about as many rows. */
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
    lows: Float32Array.from(kept, (start) => sorted[start] as number),
    highs: Float32Array.from(kept, (_, bin) => sorted[(kept[bin + 1] ?? sorted.length) - 1] as number),
  };
}

/** Of the places where a new value starts, the first one at or behind each share of the rows. */
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

/** The first bin that reaches up to the value; behind the last one for a missing value. */
function binOf(value: number, highs: Float32Array): number {
  if (Number.isNaN(value)) return highs.length;
  let low = 0;
  let high = highs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((highs[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
