import type { Bins, FlagColumn, Group, RangeColumn } from './bins.ts';

const { fround } = Math;

/** Sums of derivatives, in whole units. */
export interface Sums {
  readonly first: number;
  readonly second: number;
}

/** Rows with `x < threshold` go left. */
export interface BestSplit {
  readonly gain: number;
  readonly group: Group;
  readonly column: RangeColumn | FlagColumn;
  readonly threshold: number;
  /** The last bin that goes left; -1: none but the missing values. For a flag it has no meaning. */
  readonly leftBin: number;
  readonly isMissingLeft: boolean;
  /** Sums of the left side. */
  readonly left: Sums;
}

export interface SplitSettings {
  readonly lambda: number;
  readonly minChildWeight: number;
  readonly firstUnit: number;
  readonly secondUnit: number;
  /** By column: 1 where it may be split on. */
  readonly isAllowed: Uint8Array;
}

/** Returns twice the loss that a leaf with these sums removes, rounded as XGBoost does. */
function scoreOf(first: number, second: number, lambda: number): number {
  return fround((first * first) / (second + lambda));
}

/**
 * Searches a node's histogram for the split with the largest gain. Among equal ones the first column wins, and the largest threshold
 * in it, as in XGBoost's exact method; sums have 64 bits and gains 32, as there.
 */
export class SplitFinder {
  readonly #bins: Bins;
  readonly #settings: SplitSettings;
  #best: BestSplit | undefined;
  #gain = 0;
  #total: Sums = { first: 0, second: 0 };
  #score = 0;

  constructor(bins: Bins, settings: SplitSettings) {
    this.#bins = bins;
    this.#settings = settings;
  }

  /** @param least a split gains more than this */
  find(histogram: Float64Array, total: Sums, least: number): BestSplit | undefined {
    const { lambda, firstUnit, secondUnit, isAllowed } = this.#settings;
    this.#best = undefined;
    this.#gain = least;
    this.#total = total;
    this.#score = scoreOf(total.first * firstUnit, total.second * secondUnit, lambda);
    for (const group of this.#bins.groups) {
      for (const column of group.columns) {
        if (isAllowed[column.column] === 0) continue;
        if (column.kind === 'flag') this.#tryFlag(group, column, histogram);
        else this.#scan(group, column, histogram);
      }
    }
    return this.#best;
  }

  #tryFlag(group: Group, column: FlagColumn, histogram: Float64Array): void {
    const slot = 2 * (group.offset + column.code);
    const first = this.#total.first - (histogram[slot] ?? 0);
    const second = this.#total.second - (histogram[slot + 1] ?? 0);
    if (!this.#isBetter(first, second)) return;
    this.#take({ group, column, threshold: 0.5, leftBin: 0, isMissingLeft: this.#isLarger(second), left: { first, second } });
  }

  /** From the largest bin down; with missing values on the left, and where there are any, on the right. */
  #scan(group: Group, column: RangeColumn, histogram: Float64Array): void {
    const { offset, size } = group;
    const missing = 2 * (offset + size - 1);
    const missingFirst = histogram[missing] ?? 0;
    const missingSecond = histogram[missing + 1] ?? 0;
    const hasMissing = missingSecond > 0;
    let first = this.#total.first;
    let second = this.#total.second;
    let upper = -1;
    for (let bin = size - 2; bin >= 0; bin--) {
      const slot = 2 * (offset + bin);
      const weight = histogram[slot + 1] ?? 0;
      if (weight === 0) continue;
      if (upper >= 0) {
        const threshold = thresholdOf(column, bin, upper);
        if (this.#isBetter(first, second)) {
          const isMissingLeft = hasMissing || this.#isLarger(second);
          this.#take({ group, column, threshold, leftBin: bin, isMissingLeft, left: { first, second } });
        }
        if (hasMissing && this.#isBetter(first - missingFirst, second - missingSecond)) {
          const left = { first: first - missingFirst, second: second - missingSecond };
          this.#take({ group, column, threshold, leftBin: bin, isMissingLeft: false, left });
        }
      }
      first -= histogram[slot] ?? 0;
      second -= weight;
      upper = bin;
    }
    if (!hasMissing || upper < 0 || !this.#isBetter(missingFirst, missingSecond)) return;
    const left = { first: missingFirst, second: missingSecond };
    this.#take({ group, column, threshold: column.lows[upper] ?? 0, leftBin: -1, isMissingLeft: true, left });
  }

  /** True when a split with these sums on its left side is the best so far; its gain is then kept. */
  #isBetter(first: number, second: number): boolean {
    const { lambda, minChildWeight, firstUnit, secondUnit } = this.#settings;
    const { first: allFirst, second: allSecond } = this.#total;
    if (second <= 0 || second >= allSecond) return false;
    const left = second * secondUnit;
    const right = (allSecond - second) * secondUnit;
    if (left < minChildWeight || right < minChildWeight) return false;
    const gain = fround(
      fround(scoreOf(first * firstUnit, left, lambda) + scoreOf((allFirst - first) * firstUnit, right, lambda)) - this.#score,
    );
    if (!(gain > this.#gain)) return false;
    this.#gain = gain;
    return true;
  }

  /** Where no row of a node lacks the value, a row that lacks it later goes to the side of most rows. */
  #isLarger(second: number): boolean {
    return second * 2 >= this.#total.second;
  }

  #take(split: Omit<BestSplit, 'gain'>): void {
    this.#best = { ...split, gain: this.#gain };
  }
}

/** Returns the middle between the node's neighbouring values. */
function thresholdOf({ lows, highs }: RangeColumn, lower: number, upper: number): number {
  const low = highs[lower] ?? 0;
  const high = lows[upper] ?? 0;
  const middle = fround(fround(low + high) * 0.5);
  return middle > low && middle <= high ? middle : high;
}
