import type { Forest } from './forest.ts';
import { addGroups, GROUP } from './lockstep.ts';

/** Rows that go through a tree before the next tree: few enough that they and the tree stay in the first-level cache. */
const BLOCK = 64;

/** From here on float32 has no number for each category, so the library takes none. */
const OUT_OF_RANGE = 2 ** 24;

/**
 * Adds the values of trees `begin` to `end` (exclusive) for each row to `margins`, tree after tree, in float32: the order and the
 * rounding of the library's own sum.
 *
 * @param rows features of row 0, then of row 1, ...; NaN is missing
 * @param margins `outputs` numbers a row
 */
export function addTrees(
  forest: Forest,
  begin: number,
  end: number,
  rows: Float32Array,
  features: number,
  margins: Float32Array,
  outputs: number,
): void {
  const { lockstep } = forest;
  const count = margins.length / outputs;
  for (let first = 0; first < count; first += BLOCK) {
    const last = Math.min(first + BLOCK, count);
    // Without a missing value among them, rows go side by side in fours, and the rest one by one.
    const groups = lockstep === undefined || hasMissing(rows, first * features, last * features) ? 0 : Math.floor((last - first) / GROUP);
    for (let tree = begin; tree < end; tree++) {
      let row = first;
      if (lockstep !== undefined && groups > 0 && (lockstep.depth[tree] ?? 0) > 0) {
        const root = forest.roots[tree] ?? 0;
        const at = first * outputs + (forest.output[tree] ?? 0);
        addGroups(lockstep, tree, root, rows, first * features, features, groups, margins, at, outputs);
        row += groups * GROUP;
      }
      addRows(forest, tree, row, last, rows, features, margins, outputs);
    }
  }
}

function hasMissing(rows: Float32Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (Number.isNaN(rows[at] ?? 0)) return true;
  return false;
}

/** Adds one tree's values for rows `first` to `last` (exclusive), one by one; any tree will do. */
function addRows(
  forest: Forest,
  tree: number,
  first: number,
  last: number,
  rows: Float32Array,
  features: number,
  margins: Float32Array,
  outputs: number,
): void {
  const { leaves } = forest;
  const root = forest.roots[tree] ?? 0;
  const output = forest.output[tree] ?? 0;
  for (let row = first; row < last; row++) {
    const leaf = leafOf(forest, root, rows, row * features);
    const at = row * outputs;
    if (output >= 0) margins[at + output] = (margins[at + output] ?? 0) + (leaves[leaf] ?? 0);
    else for (let k = 0; k < outputs; k++) margins[at + k] = (margins[at + k] ?? 0) + (leaves[leaf + k] ?? 0);
  }
}

/**
 * Returns the leaf of a row: left if x < threshold. A missing x compares false either way, so the comparison is chosen by where missing goes:
 * right unless x < threshold, or left unless x >= threshold. A separate loop for trees without categories was no faster.
 */
function leafOf(forest: Forest, root: number, rows: Float32Array, row: number): number {
  const { child, split, threshold } = forest;
  let node = root;
  let next = child[node] ?? 0;
  while (next >= 0) {
    const code = split[node] ?? 0;
    const x = rows[row + (code >> 2)] ?? 0;
    const limit = threshold[node] ?? 0;
    const isLeft = (code & 1) === 1;
    let isRight = isLeft ? x >= limit : !(x < limit);
    if ((code & 2) !== 0) isRight = Number.isNaN(x) ? !isLeft : goesRight(forest, node, x, isLeft);
    node = isRight ? next + 1 : next;
    next = child[node] ?? 0;
  }
  return ~next;
}

/**
 * Returns true for listed categories; all others, and numbers that cannot be a category (negative, 2^24 and more), go left. XGBoost 1.6 looks
 * into a bitset that ends with the word of the largest listed category, and treats what lies outside as missing.
 */
function goesRight({ segments, codes, hasBounds }: Forest, node: number, x: number, isLeft: boolean): boolean {
  const begin = segments[2 * node] ?? 0;
  const end = segments[2 * node + 1] ?? 0;
  const bound = hasBounds && begin < end ? (((codes[end - 1] ?? 0) >> 5) + 1) << 5 : OUT_OF_RANGE;
  if (x < 0 || x >= bound) return hasBounds && !isLeft;
  const code = Math.trunc(x);
  let low = begin;
  let high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((codes[middle] ?? 0) < code) low = middle + 1;
    else high = middle;
  }
  return low < end && codes[low] === code;
}
