import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type BoostedModel,
  type BoostingOptions,
  features,
  log,
  numeric,
  oneHot,
  type TrainingNumbers,
  trainBoosting,
  XgboostEvaluator,
  xgboost,
} from '../../../src/models/index.ts';
import { hexOf } from '../support/bits.ts';
import { rowsOf, trainingOf } from './soak/data.ts';

const numbers = (rows: number[][], labels: number[]): TrainingNumbers => ({
  columns: (rows[0] as number[]).map((_, at) => `f${at}`),
  numbers: Float32Array.from(rows.flat()),
  labels,
});

function predictions(model: BoostedModel, rows: number[][]): number[] {
  return [...new XgboostEvaluator(model.file).predictions(Float32Array.from(rows.flat()), rows.length)];
}

const treesOf = (model: BoostedModel): Array<{ left_children: number[]; split_conditions: number[]; default_left: number[] }> =>
  JSON.parse(new TextDecoder().decode(model.file)).learner.gradient_booster.model.trees;

const leaves = (model: BoostedModel) => treesOf(model).map(({ left_children }) => left_children.filter((child) => child === -1).length);

describe('trainBoosting', () => {
  it("finds the trees of XGBoost's exact method, to the last bit", () => {
    const golden = JSON.parse(readFileSync(new URL('fixtures/exact.json', import.meta.url), 'utf8')) as {
      columns: string[];
      numbers: Array<number | null>;
      labels: number[];
      margins: string;
    };
    const table = { ...golden, numbers: Float32Array.from(golden.numbers, (value) => value ?? Number.NaN) };
    const model = trainBoosting(table, { bins: 'exact', baseScore: 0.5, rounds: 25, maxDepth: 4 });
    expect(hexOf(new XgboostEvaluator(model.file).margins(table.numbers, golden.labels.length))).toBe(golden.margins);
  });

  it('says of its own rows what the training said, sampled or not', () => {
    for (const options of [{}, { subsample: 0.5, colsample: 0.5, seed: 3 }, { bins: 4 }] satisfies BoostingOptions[]) {
      const { rows, values } = rowsOf(400, 7, true);
      const data = trainingOf(rows, values);
      const model = trainBoosting(data, { rounds: 20, ...options });
      const scored = new XgboostEvaluator(model.file).predictions(data.features.encode(rows), rows.length);
      const square = values.reduce((sum, value, at) => sum + ((scored[at] as number) - Math.fround(value)) ** 2, 0) / values.length;
      expect(Math.sqrt(square)).toBeCloseTo(model.history.at(-1)?.training as number, 10);
    }
  });

  it('puts a threshold halfway, and one leaf where nothing is to be gained', () => {
    const model = trainBoosting(numbers([[1], [2], [5], [6]], [0, 0, 10, 10]), {
      rounds: 1,
      minChildWeight: 0,
      lambda: 0,
      learningRate: 1,
    });
    expect(treesOf(model)[0]?.split_conditions[0]).toBe(3.5);
    expect(predictions(model, [[1], [3.4], [3.5], [9]])).toEqual([0, 0, 10, 10]);
    expect(leaves(trainBoosting(numbers([[1], [2], [3]], [4, 4, 4]), { rounds: 2 }))).toEqual([1, 1]);
  });

  it('learns where missing values go', () => {
    const nan = Number.NaN;
    const rows = [[1], [2], [9], [10], [nan], [nan]];
    const sides = (labels: number[]) => {
      const model = trainBoosting(numbers(rows, labels), { rounds: 1, lambda: 0, learningRate: 1, baseScore: 0, maxDepth: 1 });
      return predictions(model, [[1], [10], [nan]]);
    };
    expect(sides([0, 0, 8, 8, 8, 8])).toEqual([0, 8, 8]);
    expect(sides([0, 0, 8, 8, 0, 0])).toEqual([0, 8, 0]);
    expect(sides([5, 5, 5, 5, 1, 1])).toEqual([5, 5, 1]);
  });

  it('sends a missing value the way of most rows, where none was missing', () => {
    const one = { rounds: 1, lambda: 0, learningRate: 1, baseScore: 0, maxDepth: 1 };
    const few = trainBoosting(numbers([[1], [2], [3], [9]], [0, 0, 0, 8]), one);
    const many = trainBoosting(numbers([[1], [7], [8], [9]], [0, 8, 8, 8]), one);
    expect([predictions(few, [[Number.NaN]]), predictions(many, [[Number.NaN]])]).toEqual([[0], [8]]);
  });

  it('gives the same file for the same seed, and another for another', () => {
    const { rows, flags } = rowsOf(500, 1, true);
    const file = (seed: number) =>
      Buffer.from(trainBoosting(trainingOf(rows, flags), { objective: 'logistic', rounds: 5, subsample: 0.5, seed }).file).toString();
    expect(file(4)).toBe(file(4));
    expect(file(4)).not.toBe(file(5));
  });

  it('keeps to the leaves and the depth that it is given', () => {
    const { rows, values } = rowsOf(800, 2, false);
    const train = (options: BoostingOptions) => leaves(trainBoosting(trainingOf(rows, values), { rounds: 3, ...options }));
    expect(train({ maxLeaves: 7, maxDepth: 0 })).toEqual([7, 7, 7]);
    expect(Math.max(...train({ maxDepth: 2 }))).toBe(4);
    expect(Math.max(...train({ minChildWeight: 300 }))).toBeLessThanOrEqual(2);
    expect(Math.max(...train({ gamma: 1e9 }))).toBe(1);
  });

  it('counts a row of label 1 as often as it is told', () => {
    const rows = [[0], [0], [0], [0], [1], [1], [1], [1]];
    const labels = [0, 0, 0, 1, 0, 0, 1, 1];
    const options = { objective: 'logistic', rounds: 5, minChildWeight: 0 } as const;
    const weighted = trainBoosting(numbers(rows, labels), { ...options, positiveWeight: 2 });
    const doubled = trainBoosting(numbers([...rows, [0], [1], [1]], [...labels, 1, 1, 1]), options);
    predictions(weighted, [[0], [1]]).forEach((p, at) => {
      expect(p).toBeCloseTo(predictions(doubled, [[0], [1]])[at] as number, 5);
    });
    expect(JSON.parse(Buffer.from(weighted.file).toString()).learner.objective.reg_loss_param).toEqual({ scale_pos_weight: '2E0' });
    const balanced = trainBoosting(numbers(rows, labels), { ...options, positiveWeight: 'balanced' });
    expect(JSON.parse(Buffer.from(balanced.file).toString()).learner.learner_model_param.base_score).toBe('5E-1');
  });

  it('stops when rows that it does not train on get worse, and keeps the best rounds', () => {
    const { rows, flags } = rowsOf(900, 3, false);
    const data = trainingOf(rows, flags);
    const model = trainBoosting(data, { objective: 'logistic', rounds: 400, earlyStopping: { rounds: 7, fraction: 0.3 } });
    const losses = model.history.map(({ validation }) => validation as number);
    const best = losses.indexOf(Math.min(...losses));
    expect(losses.length).toBe(best + 1 + 7);
    expect(model.rounds).toBe(best + 1);
    const { attributes } = JSON.parse(Buffer.from(model.file).toString()).learner;
    expect(attributes.best_iteration).toBe(String(best));
    expect(Number(attributes.best_score)).toBeCloseTo(losses[best] as number, 6);
  });

  it('stops by rows of its own, encoded as the training rows are', () => {
    const { rows, values } = rowsOf(300, 4, true);
    const other = rowsOf(100, 5, true);
    const declared = features({ kind: oneHot(), years: numeric(), income: log(), rate: numeric() });
    const model = trainBoosting(
      { features: declared, rows, labels: values },
      { rounds: 300, earlyStopping: { rounds: 5, data: { features: declared, rows: other.rows, labels: other.values } } },
    );
    expect(model.rounds).toBeLessThan(300);
    expect(() => trainBoosting(trainingOf(rows, values), { earlyStopping: { rounds: 5, data: numbers([[1]], [1]) } })).toThrow(
      'must have the columns of the training data',
    );
  });

  it('is served with its features alone', async () => {
    const { rows, values } = rowsOf(200, 6, true);
    const data = trainingOf(rows, values);
    const model = trainBoosting(data, { rounds: 3 });
    const answers = await xgboost(model.file, { features: data.features }).predict(rows);
    expect(answers).toEqual([...new XgboostEvaluator(model.file).predictions(data.features.encode(rows), rows.length)]);
    const others = features({ kind: oneHot(['bronze', 'gold', 'silver', 'tin']), years: numeric(), income: log(), rate: numeric() });
    await expect(xgboost(model.file, { features: others }).predict(rows)).rejects.toThrow('trained with other features');
  });

  it('leaves names out that XGBoost refuses', () => {
    const model = trainBoosting({ columns: ['a<b'], numbers: Float32Array.of(1, 2), labels: [1, 2] }, { rounds: 1, minChildWeight: 0 });
    expect(new XgboostEvaluator(model.file).file.featureNames).toEqual([]);
  });

  it('refuses options with all that is wrong', () => {
    const options = { rounds: 0, subsample: 2, bins: 1, positiveWeight: 2, maxDepth: 0, sudsample: 1 } as BoostingOptions;
    expect(() => trainBoosting(numbers([[1]], [1]), options)).toThrow(
      /6 problems[\s\S]*rounds: expected[\s\S]*subsample: expected[\s\S]*bins: expected[\s\S]*unknown option "sudsample"[\s\S]*maxLeaves: expected 2[\s\S]*positiveWeight: expected the objective/,
    );
  });

  it('refuses data that cannot be trained on, and names the row', () => {
    const binary = { objective: 'logistic' } as const;
    expect(() => trainBoosting(numbers([[1], [2]], [0, 2]), binary)).toThrow('the label of row 1 is 2, and must be 0 or 1');
    expect(() => trainBoosting(numbers([[1], [2]], [1, 1]), binary)).toThrow('all labels are 1');
    expect(() => trainBoosting(numbers([[1], [Number.POSITIVE_INFINITY]], [0, 1]))).toThrow('row 1 has Infinity in column "f0"');
    expect(() => trainBoosting({ columns: ['a'], numbers: new Float32Array(3), labels: [1, 2] })).toThrow('need 2 numbers, got 3');
    const rows = [{ a: 1 }, { a: 'x' as unknown as number }];
    expect(() => trainBoosting({ features: features({ a: numeric() }), rows, labels: [1, 2] })).toThrow(
      'row 1: the field "a" must be a finite number',
    );
    const many = Float32Array.from({ length: 70_000 }, (_, at) => at);
    expect(() => trainBoosting({ columns: ['a'], numbers: many, labels: many }, { bins: 'exact' })).toThrow('has 70000 different values');
  });
});
