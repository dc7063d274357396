import { describe, expect, it } from 'vitest';
import { type EvaluatorOptions, XgboostEvaluator } from '../../../src/models/index.ts';
import { bytesOf, type SmallModel, type Split, smallModel } from '../support/small-model.ts';

const evaluator = (small: SmallModel = {}, options: EvaluatorOptions = {}) => new XgboostEvaluator(bytesOf(smallModel(small)), options);
const margins = (small: SmallModel, rows: number[][], options: EvaluatorOptions = {}) =>
  Array.from(evaluator(small, options).margins(Float32Array.from(rows.flat()), rows.length));
const prediction = (small: SmallModel, row: number[] = [0, 0]) => Array.from(evaluator(small).predictions(Float32Array.from(row), 1));

const stump = (split: Partial<Split> = {}): Split => ({ feature: 0, below: 0.1, left: -1, right: 1, ...split });

describe('a numeric split', () => {
  it('sends left what is strictly below, both sides rounded to 32 bits', () => {
    const threshold = Math.fround(0.1);
    expect(
      margins({ trees: [stump()] }, [
        [threshold, 0],
        [threshold - 1e-8, 0],
        [0.1, 0],
        [0.09, 0],
        [-0, 0],
      ]),
    ).toEqual([1, -1, 1, -1, -1]);
  });

  it('sends what is missing where the tree says', () => {
    expect(margins({ trees: [stump({ missing: 'left' })] }, [[Number.NaN, 0]])).toEqual([-1]);
    expect(margins({ trees: [stump({ missing: 'right' })] }, [[Number.NaN, 0]])).toEqual([1]);
  });

  it('takes zero for a value, and infinities for the ends', () => {
    expect(
      margins({ trees: [stump({ missing: 'right' })] }, [
        [0, 0],
        [Number.NEGATIVE_INFINITY, 0],
        [Number.POSITIVE_INFINITY, 0],
      ]),
    ).toEqual([-1, -1, 1]);
  });
});

describe('a categorical split', () => {
  const tree = stump({ among: [2, 5, 40], missing: 'right' });
  const at = (x: number, version = [3, 2, 0]) => margins({ trees: [tree], version }, [[x, 0]])[0];

  it('sends right what is listed, and all else left, fractions cut off', () => {
    expect([2, 5, 40, 5.9].map((x) => at(x))).toEqual([1, 1, 1, 1]);
    expect([0, 3, 41, 64, 1e9, 2 ** 24, -1, -0.5].map((x) => at(x))).toEqual([-1, -1, -1, -1, -1, -1, -1, -1]);
    expect(at(Number.NaN)).toBe(1);
  });

  it('treats as missing what lies outside the bitset, in files of 1.6', () => {
    expect([2, 3, 63].map((x) => at(x, [1, 6, 2]))).toEqual([1, -1, -1]);
    expect([64, 2 ** 24, -1, -0.5].map((x) => at(x, [1, 6, 2]))).toEqual([1, 1, 1, 1]);
  });
});

describe('the sum', () => {
  it('begins with the base score and is rounded to 32 bits at each tree', () => {
    const leaves = [1e-8, 1e-8, 0.25, 1e8, 1, 1, -1e8];
    let expected = Math.fround(0.5);
    for (const leaf of leaves) expected = Math.fround(expected + Math.fround(leaf));
    expect(margins({ trees: leaves, baseScore: '[5E-1]' }, [[0, 0]])).toEqual([expected]);
    expect(expected).not.toBe(Math.fround(leaves.reduce((sum, leaf) => sum + leaf, 0.5)));
  });

  it('goes to the output that tree_info names, from the base score of that output', () => {
    const shape = { outputs: [0, 1, 1, 2, 0, 2], classes: 3, objective: 'multi:softprob', baseScore: '[1E0,2E0,-3E0]' };
    const model = { trees: [1, 2, 4, 8, 16, 32], ...shape };
    expect(
      margins(model, [
        [0, 0],
        [0, 0],
      ]),
    ).toEqual([18, 8, 37, 18, 8, 37]);
  });

  it('does not depend on how many rows are asked at once', () => {
    const trees = Array.from({ length: 9 }, (_, n) =>
      stump({ below: n / 9, left: n * 0.1, right: { feature: 1, below: 0.5, left: -0.3, right: n } }),
    );
    const rows = Array.from({ length: 200 }, (_, n) => [((n * 37) % 101) / 100, ((n * 53) % 97) / 96]);
    expect(margins({ trees }, rows)).toEqual(rows.flatMap((row) => margins({ trees }, [row])));
  });
});

describe('rounds', () => {
  const six = { trees: [1, 2, 4, 8, 16, 32] };
  const sum = (options: EvaluatorOptions, attributes = {}) => margins({ ...six, attributes }, [[0, 0]], options)[0];

  it('are all of them, or up to the best', () => {
    expect(sum({})).toBe(63);
    expect(sum({}, { best_iteration: '2' })).toBe(7);
    expect(sum({ rounds: 'all' }, { best_iteration: '2' })).toBe(63);
    expect(sum({ rounds: [1, 3] })).toBe(6);
    expect(sum({}, { best_iteration: '20' })).toBe(63);
    expect(sum({}, { best_iteration: '-1' })).toBe(63);
  });

  it('must be there', () => {
    expect(() => sum({ rounds: [2, 7] })).toThrow('rounds must be [begin, end) within [0, 6), got [2, 7)');
    expect(() => sum({}, { best_iteration: 'x' })).toThrow('best_iteration is "x"');
  });

  it('have as many trees as outputs, where the file does not say', () => {
    const classes = { trees: [1, 2, 4, 8], outputs: [0, 1, 0, 1], classes: 2, objective: 'multi:softprob' };
    expect(margins(classes, [[0, 0]], { rounds: [1, 2] })).toEqual([4, 8]);
    expect(() => margins({ ...classes, trees: [1, 2, 4], outputs: [0, 1, 0] }, [[0, 0]])).toThrow(
      '3 trees, which are not whole rounds of 2',
    );
  });
});

describe('objectives', () => {
  it.each([
    ['reg:squarederror', 0.5, 1.5],
    ['reg:squaredlogerror', 0.5, 1.5],
    ['reg:absoluteerror', 0.5, 1.5],
    ['reg:pseudohubererror', 0.5, 1.5],
    ['reg:quantileerror', 0.5, 1.5],
    ['rank:pairwise', 0.5, 1.5],
    ['rank:ndcg', 0.5, 1.5],
    ['rank:map', 0.5, 1.5],
    ['binary:logitraw', 0.5, 1.5],
    ['binary:hinge', 0.5, 1],
    ['binary:hinge', -1, 0],
    ['binary:logistic', 0.25, 1 / (1 + 3 * Math.exp(-1))],
    ['reg:logistic', 0.25, 1 / (1 + 3 * Math.exp(-1))],
    ['count:poisson', 2, 2 * Math.E],
    ['reg:gamma', 2, 2 * Math.E],
    ['reg:tweedie', 2, 2 * Math.E],
    ['survival:cox', 2, 2 * Math.E],
    ['survival:aft', 2, 2 * Math.E],
  ])('%s with base score %d and a leaf of 1 predicts %d', (objective, baseScore, expected) => {
    expect(prediction({ trees: [1], objective, baseScore: `[${baseScore}]` })[0]).toBeCloseTo(expected, 5);
    expect(prediction({ trees: [1], objective, baseScore: String(baseScore) })[0]).toBeCloseTo(expected, 5);
  });

  it('multi:softprob gives a probability per class, multi:softmax the first of the largest', () => {
    const classes = { trees: [1, 3, 3], outputs: [0, 1, 2], classes: 3 };
    const parts = [Math.exp(-2), 1, 1];
    const probabilities = prediction({ ...classes, objective: 'multi:softprob' });
    for (const [k, part] of parts.entries()) expect(probabilities[k]).toBeCloseTo(part / (2 + Math.exp(-2)), 6);
    expect(prediction({ ...classes, objective: 'multi:softmax' })).toEqual([1]);
  });

  it('never give a probability of 0, and 1 from a margin of 17 on', () => {
    expect(prediction({ trees: [-1000], objective: 'binary:logistic', baseScore: '0.5' })[0]).toBeGreaterThan(0);
    expect(prediction({ trees: [17.5], objective: 'binary:logistic', baseScore: '0.5' })[0]).toBe(1);
  });

  it('that are unknown are refused', () => {
    expect(() => evaluator({ objective: 'reg:expectile' })).toThrow('the objective "reg:expectile" is not supported');
    expect(() => evaluator({ objective: 'toString' })).toThrow('is not supported');
  });
});

describe('versions', () => {
  it('outside of those that were compared are refused, unless asked for', () => {
    for (const version of [
      [1, 5, 2],
      [3, 3, 0],
      [4, 0, 0],
    ]) {
      expect(() => evaluator({ version })).toThrow(`was written by XGBoost ${version.join('.')}; files of 1.6 to 3.2 are known`);
      expect(evaluator({ version }, { anyVersion: true }).features).toBe(2);
    }
    for (const version of [
      [1, 6, 0],
      [1, 7, 6],
      [2, 0, 0],
      [3, 2, 9],
    ])
      expect(evaluator({ version }).file.version).toBe(version.join('.'));
  });
});
