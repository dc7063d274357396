/** A tree as nested splits; a leaf is a number. */
export type Sketch = number | Split;
export interface Split {
  readonly feature: number;
  readonly below?: number;
  /** Categories that go right. */
  readonly among?: readonly number[];
  readonly missing?: 'left' | 'right';
  readonly left: Sketch;
  readonly right: Sketch;
}

export interface SmallModel {
  readonly trees?: readonly Sketch[];
  readonly objective?: string;
  readonly features?: number;
  readonly baseScore?: string;
  readonly outputs?: readonly number[];
  readonly classes?: number;
  readonly version?: readonly number[];
  readonly names?: readonly string[];
  readonly types?: readonly string[];
  readonly attributes?: Readonly<Record<string, string>>;
  readonly enc?: readonly unknown[];
}

/** A model file as XGBoost 3.2 lays it out, of trees written by hand. */
export function smallModel(small: SmallModel = {}) {
  const {
    trees = [{ feature: 0, below: 1, left: -1, right: 1 }],
    objective = 'reg:squarederror',
    features = 2,
    baseScore = '[0E0]',
  } = small;
  const { outputs = trees.map(() => 0), classes = 0, version = [3, 2, 0], names = [], types = [], attributes = {}, enc = [] } = small;
  return {
    version: [...version],
    learner: {
      attributes: { ...attributes } as Record<string, string>,
      feature_names: [...names],
      feature_types: [...types],
      learner_model_param: {
        base_score: baseScore,
        num_class: String(classes),
        num_feature: String(features),
        num_target: '1',
        boost_from_average: '0',
      },
      objective: { name: objective },
      gradient_booster: {
        name: 'gbtree',
        model: {
          gbtree_model_param: { num_trees: String(trees.length), num_parallel_tree: '1' },
          tree_info: [...outputs],
          trees: trees.map(treeOf),
          cats: { enc: [...enc] },
        },
      },
    },
  };
}

export function bytesOf(model: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(model));
}

function treeOf(sketch: Sketch) {
  const tree = {
    left_children: [] as number[],
    right_children: [] as number[],
    split_indices: [] as number[],
    split_conditions: [] as number[],
    default_left: [] as number[],
    split_type: [] as number[],
    categories: [] as number[],
    categories_nodes: [] as number[],
    categories_segments: [] as number[],
    categories_sizes: [] as number[],
    tree_param: { num_nodes: '0', size_leaf_vector: '1' },
  };
  add(tree, sketch);
  tree.tree_param.num_nodes = String(tree.left_children.length);
  return tree;
}

function add(tree: ReturnType<typeof treeOf>, sketch: Sketch): number {
  const node = tree.left_children.length;
  const isLeaf = typeof sketch === 'number';
  const split = (isLeaf ? { feature: 0, left: 0, right: 0 } : sketch) as Split;
  tree.left_children.push(-1);
  tree.right_children.push(-1);
  tree.split_indices.push(split.feature);
  tree.split_conditions.push(isLeaf ? sketch : (split.below ?? 0));
  tree.default_left.push(split.missing === 'left' ? 1 : 0);
  tree.split_type.push(split.among === undefined ? 0 : 1);
  if (split.among !== undefined) {
    tree.categories_nodes.push(node);
    tree.categories_segments.push(tree.categories.length);
    tree.categories_sizes.push(split.among.length);
    tree.categories.push(...split.among);
  }
  if (isLeaf) return node;
  tree.left_children[node] = add(tree, split.left);
  tree.right_children[node] = add(tree, split.right);
  return node;
}
