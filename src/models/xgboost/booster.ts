import { ConfigError } from '../../errors.ts';
import { type Categories, readCategories } from './categories.ts';
import type { Field } from './field.ts';
import { buildForest, type Forest } from './forest.ts';
import { type LinearBooster, readLinear } from './gblinear.ts';
import { readTree } from './tree.ts';

export type Booster = TreeBooster | ({ readonly kind: 'gblinear' } & LinearBooster);

export interface TreeBooster {
  readonly kind: 'gbtree' | 'dart';
  readonly forest: Forest;
  /** Trees of round `r` are those from `rounds[r]` to `rounds[r + 1]`. */
  readonly rounds: Int32Array;
  readonly parallelTrees: number;
  readonly categories: ReadonlyMap<number, Categories>;
}

export interface BoosterShape {
  readonly features: number;
  readonly outputs: number;
  /** See `Forest`. */
  readonly hasBounds: boolean;
}

/** Reads `learner.gradient_booster`. */
export function readBooster(field: Field, shape: BoosterShape): Booster {
  const kind = field.get('name').text();
  if (kind === 'gblinear') return { kind, ...readLinear(field.get('model'), shape.features, shape.outputs) };
  if (kind === 'gbtree') return readTrees(kind, field.get('model'), undefined, shape);
  if (kind === 'dart') return readTrees(kind, field.get('gbtree').get('model'), field.get('weight_drop'), shape);
  throw new ConfigError(`the booster ${JSON.stringify(kind)} is not supported: gbtree, dart and gblinear are`);
}

function readTrees(kind: 'gbtree' | 'dart', model: Field, weightDrop: Field | undefined, shape: BoosterShape): TreeBooster {
  const { features, outputs, hasBounds } = shape;
  const list = model.get('trees').list();
  const announced = model.get('gbtree_model_param').find('num_trees')?.whole();
  if (announced !== undefined && announced !== list.length) throw model.wrong(`announces ${announced} trees and has ${list.length}`);
  const outputOf = model.get('tree_info').wholes(list.length);
  const wrong = outputOf.findIndex((output) => output < 0 || output >= outputs);
  if (wrong >= 0) throw model.wrong(`gives tree ${wrong} to output ${outputOf[wrong]} of ${outputs}`);
  const trees = list.map((tree) => readTree(tree, features, outputs));
  const weights = weightDrop?.floats(list.length);
  if (weights?.some((weight) => !Number.isFinite(weight))) throw model.wrong('has a weight that is not a number');
  const parallelTrees = model.get('gbtree_model_param').find('num_parallel_tree')?.whole() ?? 1;
  const perRound = Math.max(1, parallelTrees) * (trees.some((tree) => tree.leafSize > 1) ? 1 : outputs);
  const forest = buildForest(trees, outputOf, { weights, hasBounds });
  return { kind, forest, rounds: readRounds(model, trees.length, perRound), parallelTrees, categories: readCategories(model, features) };
}

/** `iteration_indptr`; files of 1.6 have none, all their rounds have the same number of trees. */
function readRounds(model: Field, trees: number, perRound: number): Int32Array {
  const starts = model.find('iteration_indptr')?.wholes();
  if (starts === undefined || starts.length === 0) {
    if (trees % perRound !== 0) throw model.wrong(`has ${trees} trees, which are not whole rounds of ${perRound}`);
    return Int32Array.from({ length: trees / perRound + 1 }, (_, round) => round * perRound);
  }
  const isRising = starts.every((start, round) => start >= (round === 0 ? 0 : (starts[round - 1] ?? 0)));
  if (!isRising || starts[0] !== 0 || starts.at(-1) !== trees)
    throw model.wrong(`has an iteration_indptr that does not cover its ${trees} trees`);
  return starts;
}
