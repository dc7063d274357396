import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStreamerError } from '../../../src/errors.ts';
import { XgboostEvaluator } from '../../../src/models/index.ts';
import { bytesOf, smallModel } from '../support/small-model.ts';
import { writeUbjson } from '../support/ubjson-writer.ts';

type Small = ReturnType<typeof smallModel>;

const tree = { feature: 0, below: 1, left: { feature: 1, among: [3], left: 1, right: 2 }, right: 3 };
const open = (bytes: Uint8Array) => new XgboostEvaluator(bytes);
const spoilt = (spoil: (model: Small) => void) => {
  const model = smallModel({ trees: [tree] });
  spoil(model);
  return bytesOf(model);
};
const treeOf = (model: Small) =>
  model.learner.gradient_booster.model.trees[0] as NonNullable<Small['learner']['gradient_booster']['model']['trees'][0]>;

describe('a damaged model file is refused, and the place is named', () => {
  it.each<[string, (model: Small) => void]>([
    ['learner: it is damaged', (model) => Reflect.deleteProperty(model, 'learner')],
    ['learner.learner_model_param.num_feature', (model) => Reflect.deleteProperty(model.learner.learner_model_param, 'num_feature')],
    ['num_feature must be a whole number', (model) => (model.learner.learner_model_param.num_feature = '-1')],
    ['base_score must be a number', (model) => (model.learner.learner_model_param.base_score = '[x]')],
    ['base_score has 2 numbers for 1 outputs', (model) => (model.learner.learner_model_param.base_score = '[1,2]')],
    ['feature_names has 1 items for 2 features', (model) => model.learner.feature_names.push('a')],
    ['multi:softprob, and there is one output', (model) => (model.learner.objective.name = 'multi:softprob')],
    ['the booster "gbforest" is not supported', (model) => (model.learner.gradient_booster.name = 'gbforest')],
    ['announces 2 trees and has 1', (model) => (model.learner.gradient_booster.model.gbtree_model_param.num_trees = '2')],
    ['tree_info must have 1 items, got 0', (model) => model.learner.gradient_booster.model.tree_info.pop()],
    ['gives tree 0 to output 1 of 1', (model) => (model.learner.gradient_booster.model.tree_info[0] = 1)],
    ['trees[0] announces 9 nodes and has 5', (model) => (treeOf(model).tree_param.num_nodes = '9')],
    ['trees[0].right_children must have 5 items, got 4', (model) => treeOf(model).right_children.pop()],
    ['gives node 0 the child 7, of 5 nodes', (model) => (treeOf(model).left_children[0] = 7)],
    ['gives node 1 the child 0, which already has a parent', (model) => (treeOf(model).left_children[1] = 0)],
    ['splits node 0 on feature 2 of 2', (model) => (treeOf(model).split_indices[0] = 2)],
    ['trees[0].split_indices has 0.5 at 0', (model) => (treeOf(model).split_indices[0] = 0.5)],
    ['trees[0].default_left has 2 at 0', (model) => (treeOf(model).default_left[0] = 2)],
    ['has no value for leaf 2', (model) => (treeOf(model).split_conditions[2] = null as unknown as number)],
    ['has no threshold for node 0', (model) => (treeOf(model).split_conditions[0] = null as unknown as number)],
    ['attributes must be an object, got null', (model) => (model.learner.attributes = null as never)],
    ['has no categories for node 1', (model) => (treeOf(model).categories_nodes[0] = 0)],
    ['takes categories 0 to 2 of 1 for node 1', (model) => (treeOf(model).categories_sizes[0] = 2)],
    ['leaves of 3 values, and the model has 1 outputs', (model) => (treeOf(model).tree_param.size_leaf_vector = '3')],
  ])('%s', (message, spoil) => {
    expect(() => open(spoilt(spoil))).toThrow(expect.objectContaining({ code: 'CONFIG', message: expect.stringContaining(message) }));
  });

  it('a deleted node may hold anything', () => {
    const model = spoilt((small) => {
      const spare = treeOf(small);
      spare.left_children.push(-1);
      spare.right_children.push(-1);
      spare.split_indices.push(2147483647);
      spare.split_conditions.push(null as unknown as number);
      spare.default_left.push(0);
      spare.split_type.push(0);
      spare.tree_param.num_nodes = '6';
    });
    expect([...open(model).margins(Float32Array.of(0, 3, 5, 0), 2)]).toEqual([2, 3]);
  });
});

describe('what is no model file', () => {
  it.each([
    ['', 'is empty'],
    ['[1, 2]', 'must be an object'],
    ['{"a": 1}', 'has no learner'],
    ['{"learner": ', 'not JSON'],
    ['binf\u0000\u0001', "XGBoost's old binary format"],
    ['booster[0]:\n0:[f0<1]', 'text dump'],
    ['CONFIG-offset:1', 'memory snapshot'],
  ])('%j: %s', (text, message) => {
    expect(() => open(new TextEncoder().encode(text))).toThrow(message);
  });

  it('a pickle or an archive is called by its name', () => {
    expect(() => open(Uint8Array.of(0x80, 4, 0x95))).toThrow('a Python pickle');
    expect(() => open(Uint8Array.of(0x1f, 0x8b, 8))).toThrow('a gzip archive');
    expect(() => open(Uint8Array.of(0x50, 0x4b, 3, 4))).toThrow('a zip archive');
    expect(() => open(Uint8Array.of(0xff, 0xfe, 0xfd))).toThrow('neither JSON nor UBJSON');
  });
});

describe('bare NaN and Infinity of older versions', () => {
  it('are read outside of texts only', () => {
    const model = smallModel({ trees: [tree], names: ['a,NaN,b', '[Infinity]'] });
    const text = JSON.stringify(model).replace('"split_conditions":[1,0,', '"split_conditions":[Infinity, NaN ,');
    expect(text).toContain('NaN ,');
    const evaluator = open(new TextEncoder().encode(text));
    expect(evaluator.file.featureNames).toEqual(['a,NaN,b', '[Infinity]']);
    expect([...evaluator.margins(Float32Array.of(1e30, 3), 1)]).toEqual([2]);
  });
});

describe('bytes changed at random', () => {
  const model = smallModel({ trees: [tree, tree], names: ['a', 'b'] });

  it.each([
    ['JSON', bytesOf(model)],
    ['UBJSON', writeUbjson(model)],
  ])('%s: read or refused as CONFIG, and never scored beyond the arrays', (_, bytes) => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
        const copy = bytes.slice();
        for (const [at, byte] of changes) copy[at] = byte;
        try {
          const evaluator = open(copy);
          if (evaluator.features < 1000)
            expect([...evaluator.margins(new Float32Array(evaluator.features), 1)].some(Number.isNaN)).toBe(false);
        } catch (error) {
          expect(isStreamerError(error) && error.code, String(error)).toBe('CONFIG');
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
