import { ConfigError } from '../../errors.ts';
import type { Field } from './field.ts';

/** One tree of the file: arrays by node, node 0 the root, a node without left child a leaf. */
export interface Tree {
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly feature: Int32Array;
  readonly threshold: Float32Array;
  readonly isDefaultLeft: Uint8Array;
  readonly isCategorical: Uint8Array;
  /** The codes that go right at a categorical node, sorted. */
  readonly categories: ReadonlyMap<number, Int32Array>;
  /** Values of a leaf: 1, or as many as the model has outputs. */
  readonly leafSize: number;
  /** Value `k` of the leaf at `node` is `leaves[leafAt(node) + k]`. */
  readonly leaves: Float32Array;
  readonly leafAt: (node: number) => number;
  /** Nodes that a row can reach, parents before children. */
  readonly reachable: Int32Array;
}

/** Reads and checks one tree: every child and feature number is within bounds, and no node has two parents. */
export function readTree(field: Field, features: number, outputs: number): Tree {
  const left = field.get('left_children').wholes();
  const nodes = left.length;
  if (nodes === 0) throw field.wrong('has no nodes');
  const params = field.get('tree_param');
  const announced = params.find('num_nodes')?.whole();
  if (announced !== undefined && announced !== nodes) throw field.wrong(`announces ${announced} nodes and has ${nodes}`);
  const right = field.get('right_children').wholes(nodes);
  const feature = field.get('split_indices').wholes(nodes);
  const isCategorical = field.find('split_type')?.bits(nodes) ?? new Uint8Array(nodes);
  const reachable = walk(field, left, right);
  for (const node of reachable) {
    const number = feature[node] ?? 0;
    if (left[node] !== -1 && (number < 0 || number >= features))
      throw field.wrong(`splits node ${node} on feature ${number} of ${features}`);
  }
  const threshold = field.get('split_conditions').floats(nodes);
  // It has no meaning at a categorical node, nor at one that no row reaches.
  const lacking = reachable.find((node) => left[node] !== -1 && isCategorical[node] === 0 && Number.isNaN(threshold[node]));
  if (lacking !== undefined) throw field.wrong(`has no threshold for node ${lacking}`);
  return {
    left,
    right,
    feature,
    threshold,
    isDefaultLeft: field.get('default_left').bits(nodes),
    isCategorical,
    categories: readCategories(
      field,
      reachable.filter((node) => left[node] !== -1 && isCategorical[node] === 1),
    ),
    ...readLeaves(field, params.find('size_leaf_vector')?.whole() ?? 0, { left, right, threshold, reachable }, outputs),
    reachable,
  };
}

function walk(field: Field, left: Int32Array, right: Int32Array): Int32Array {
  const seen = new Uint8Array(left.length);
  const order = new Int32Array(left.length);
  let found = 1;
  seen[0] = 1;
  for (let at = 0; at < found; at++) {
    const node = order[at] ?? 0;
    if (left[node] === -1) continue;
    for (const child of [left[node] ?? 0, right[node] ?? 0]) {
      if (child < 0 || child >= left.length || seen[child] === 1)
        throw field.wrong(
          `gives node ${node} the child ${child}, ${seen[child] === 1 ? 'which already has a parent' : `of ${left.length} nodes`}`,
        );
      seen[child] = 1;
      order[found++] = child;
    }
  }
  return order.subarray(0, found);
}

function readCategories(field: Field, nodes: Int32Array): Map<number, Int32Array> {
  const lists = new Map<number, Int32Array>();
  if (nodes.length === 0) return lists;
  const owners = field.get('categories_nodes').wholes();
  const starts = field.get('categories_segments').wholes(owners.length);
  const sizes = field.get('categories_sizes').wholes(owners.length);
  const codes = field.get('categories').wholes();
  owners.forEach((node, at) => {
    const start = starts[at] ?? 0;
    const size = sizes[at] ?? 0;
    if (start < 0 || size < 0 || start + size > codes.length)
      throw field.wrong(`takes categories ${start} to ${start + size} of ${codes.length} for node ${node}`);
    if (lists.has(node)) throw field.wrong(`has categories for node ${node} twice`);
    lists.set(node, codes.slice(start, start + size).sort());
  });
  for (const node of nodes) if (!lists.has(node)) throw field.wrong(`has no categories for node ${node}, which splits by category`);
  return lists;
}

interface Shape {
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly threshold: Float32Array;
  readonly reachable: Int32Array;
}

/**
 * Returns the leaf values: of a scalar tree from the thresholds; of a vector tree from `leaf_weights`, at the row that the right child
 * names (3.x), or from `base_weights`, at the row of the node (2.x).
 */
function readLeaves(field: Field, size: number, shape: Shape, outputs: number): Pick<Tree, 'leafSize' | 'leaves' | 'leafAt'> {
  const { left, right, threshold, reachable } = shape;
  const leaf = reachable.filter((node) => left[node] === -1);
  if (size <= 1) {
    for (const node of leaf) if (Number.isNaN(threshold[node])) throw field.wrong(`has no value for leaf ${node}`);
    return { leafSize: 1, leaves: threshold, leafAt: (node) => node };
  }
  if (size !== outputs) throw new ConfigError(`${field.path} has leaves of ${size} values, and the model has ${outputs} outputs`);
  const weights = field.find('leaf_weights')?.floats();
  const leafAt =
    weights === undefined || weights.length === 0 ? (node: number) => node * size : (node: number) => (right[node] ?? 0) * size;
  const leaves = weights === undefined || weights.length === 0 ? field.get('base_weights').floats() : weights;
  for (const node of leaf) {
    const at = leafAt(node);
    if (at < 0 || at + size > leaves.length) throw field.wrong(`has no values for leaf ${node}`);
    for (let k = 0; k < size; k++) if (Number.isNaN(leaves[at + k])) throw field.wrong(`has no value for output ${k} of leaf ${node}`);
  }
  return { leafSize: size, leaves, leafAt };
}
