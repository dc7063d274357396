import { floatText } from './float-text.ts';
import type { GrownTree } from './grown-tree.ts';

// XGBoost 1.6 refuses a JSON model with anything behind its last brace, a line end included. All versions refuse a whole number
// where they expect a float.

export interface XgboostContent {
  readonly objective: string;
  /** As a prediction. */
  readonly baseScore: number;
  readonly positiveWeight: number;
  readonly columns: readonly string[];
  readonly trees: readonly GrownTree[];
  readonly attributes: Readonly<Record<string, string>>;
}

/** Characters that the library's data frames refuse in a name. */
const UNUSABLE = /[[\]<]/;

/**
 * Returns the content as a model file that XGBoost 1.6 to 3.2 loads. `base_score` has no brackets, which versions before 3.1 misread.
 * Names of columns are left out when the library would refuse one, or when one occurs twice.
 */
export function xgboostText({ objective, baseScore, positiveWeight, columns, trees, attributes }: XgboostContent): string {
  const names = columns.some((name) => UNUSABLE.test(name)) || new Set(columns).size < columns.length ? [] : columns;
  const model = [
    `"gbtree_model_param":${JSON.stringify({ num_parallel_tree: '1', num_trees: String(trees.length) })}`,
    `"iteration_indptr":${JSON.stringify(Array.from({ length: trees.length + 1 }, (_, round) => round))}`,
    `"tree_info":${JSON.stringify(trees.map(() => 0))}`,
    `"trees":[${trees.map((tree, id) => treeText(tree, id, columns.length)).join(',\n')}]`,
  ];
  const params = {
    base_score: floatText(baseScore),
    boost_from_average: '0',
    num_class: '0',
    num_feature: String(columns.length),
    num_target: '1',
  };
  const learner = [
    `"attributes":${JSON.stringify(attributes)}`,
    `"feature_names":${JSON.stringify(names)}`,
    `"feature_types":${JSON.stringify(names.map(() => 'float'))}`,
    `"gradient_booster":{"model":{${model.join(',\n')}},"name":"gbtree"}`,
    `"learner_model_param":${JSON.stringify(params)}`,
    `"objective":${JSON.stringify({ name: objective, reg_loss_param: { scale_pos_weight: floatText(positiveWeight) } })}`,
  ];
  // Nothing may follow the last brace, not even a line end: XGBoost 1.6 would refuse the file.
  return `{"learner":{${learner.join(',\n')}}}`;
}

/** The library's number for "no parent". */
const NO_PARENT = 2 ** 31 - 1;

function treeText(tree: GrownTree, id: number, columns: number): string {
  const { left, right, parent, column, threshold, isMissingLeft, weight, gain, cover } = tree;
  const floats = (values: readonly number[]) => `[${values.map(floatText).join(',')}]`;
  const fields = [
    `"base_weights":${floats(weight)}`,
    '"categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[]',
    `"default_left":${JSON.stringify(isMissingLeft.map(Number))}`,
    `"id":${id}`,
    `"left_children":${JSON.stringify(left)}`,
    `"loss_changes":${floats(gain)}`,
    `"parents":${JSON.stringify(parent.map((node) => (node < 0 ? NO_PARENT : node)))}`,
    `"right_children":${JSON.stringify(right)}`,
    `"split_conditions":${floats(threshold)}`,
    `"split_indices":${JSON.stringify(column)}`,
    `"split_type":${JSON.stringify(column.map(() => 0))}`,
    `"sum_hessian":${floats(cover)}`,
    `"tree_param":${JSON.stringify({ num_deleted: '0', num_feature: String(columns), num_nodes: String(left.length), size_leaf_vector: '1' })}`,
  ];
  return `{${fields.join(',')}}`;
}
