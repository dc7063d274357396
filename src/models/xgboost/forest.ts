import { itemAt } from '../record.ts';
import { type Lockstep, lockstepOf } from './lockstep.ts';
import type { Tree } from './tree.ts';

/**
 * All trees of a model in flat arrays. The children of a node lie side by side, so one index leads to both; a negative one
 * marks a leaf.
 */
export interface Forest {
  readonly trees: number;
  /** Node at which tree `t` begins. */
  readonly roots: Int32Array;
  /** The left child, the right one next to it; below 0: a leaf, `~child` the place of its values in `leaves`. */
  readonly child: Int32Array;
  /** `feature << 2 | isCategorical << 1 | isDefaultLeft`. */
  readonly split: Int32Array;
  readonly threshold: Float32Array;
  readonly leaves: Float32Array;
  /** Output that a tree with single values adds to; -1: the tree has a value for each output. */
  readonly output: Int32Array;
  /** Begin and end, by node, in `codes`; empty when no node splits by category. */
  readonly segments: Int32Array;
  /** Codes that go right, sorted within a node. */
  readonly codes: Int32Array;
  /** The trees laid out for rows that go side by side, where that is possible. */
  readonly lockstep: Lockstep | undefined;
  /** True when a category beyond those that a node lists counts as missing, as in XGBoost 1.6. */
  readonly hasBounds: boolean;
}

export interface ForestOptions {
  /** Dart's weights, by tree: each leaf is multiplied in float32, as in the library's prediction. */
  readonly weights: Float32Array | undefined;
  readonly hasBounds: boolean;
}

/** @param outputOf output of tree `t`, from `tree_info` */
export function buildForest(trees: readonly Tree[], outputOf: Int32Array, { weights, hasBounds }: ForestOptions): Forest {
  const nodes = sum(trees, (tree) => tree.reachable.length);
  const leafValues = sum(trees, (tree) => tree.leafSize * tree.reachable.filter((node) => tree.left[node] === -1).length);
  const codes = sum(trees, (tree) => sum([...tree.categories.values()], (list) => list.length));
  const forest: Arrays = {
    trees: trees.length,
    roots: new Int32Array(trees.length),
    child: new Int32Array(nodes),
    split: new Int32Array(nodes),
    threshold: new Float32Array(nodes),
    leaves: new Float32Array(leafValues),
    output: outputOf.map((output, at) => (itemAt(trees, at).leafSize > 1 ? -1 : output)),
    segments: new Int32Array(trees.some((tree) => tree.categories.size > 0) ? nodes * 2 : 0),
    codes: new Int32Array(codes),
    hasBounds,
  };
  const at = { node: 0, leaf: 0, code: 0 };
  trees.forEach((tree, number) => {
    forest.roots[number] = at.node;
    addTree(forest, tree, weights?.[number] ?? 1, at);
  });
  return { ...forest, lockstep: lockstepOf(forest) };
}

type Arrays = Omit<Forest, 'lockstep'>;

/** `reachable` has the children of a node one after the other, in the order of the arrays. */
function addTree(forest: Arrays, tree: Tree, weight: number, at: { node: number; leaf: number; code: number }): void {
  let child = at.node + 1;
  for (const node of tree.reachable) {
    const index = at.node++;
    if (tree.left[node] === -1) {
      forest.child[index] = ~at.leaf;
      const from = tree.leafAt(node);
      for (let k = 0; k < tree.leafSize; k++) forest.leaves[at.leaf++] = (tree.leaves[from + k] ?? 0) * weight;
      continue;
    }
    forest.child[index] = child;
    child += 2;
    const isCategorical = tree.isCategorical[node] ?? 0;
    forest.split[index] = ((tree.feature[node] ?? 0) << 2) | (isCategorical << 1) | (tree.isDefaultLeft[node] ?? 0);
    forest.threshold[index] = tree.threshold[node] ?? 0;
    if (isCategorical === 1) addCodes(forest, index, tree.categories.get(node) ?? new Int32Array(), at);
  }
}

function addCodes(forest: Arrays, index: number, codes: Int32Array, at: { code: number }): void {
  forest.segments[2 * index] = at.code;
  forest.codes.set(codes, at.code);
  at.code += codes.length;
  forest.segments[2 * index + 1] = at.code;
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
