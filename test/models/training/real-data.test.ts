import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type BoostingOptions,
  evaluateBinary,
  evaluateRegression,
  type Feature,
  Features,
  linear,
  numeric,
  oneHot,
  standardise,
  type TrainedModel,
  trainBoosting,
  trainLogistic,
  trainTestSplit,
  xgboost,
} from '../../../src/models/index.ts';
import { carFeatures } from '../support/car-features.ts';
import { bankRows, carRows, type DataRow, dataAbsent } from '../support/data-dir.ts';
import { inModels, modelsAbsent } from '../support/models-dir.ts';

const skipped = dataAbsent === undefined ? '' : ` (skipped: ${dataAbsent})`;
const SKEWED = ['balance', 'duration', 'campaign', 'pdays', 'previous'];
const NUMBERS = ['age', 'day', ...SKEWED];
const FIELDS = ['age', 'job', 'marital', 'education', 'default', 'balance', 'housing', 'loan', 'day', ...SKEWED.slice(1), 'poutcome'];
const ALL_FIELDS = [...FIELDS, 'contact', 'month'];

const declared = (fields: readonly string[], number: (field: string) => Feature): Features<DataRow> =>
  new Features<DataRow>(Object.fromEntries(fields.map((field) => [field, NUMBERS.includes(field) ? number(field) : oneHot()])));

describe.skipIf(dataAbsent !== undefined)(`bank customers${skipped}`, () => {
  let train: DataRow[];
  let test: DataRow[];
  const labelsOf = (rows: readonly DataRow[]) => rows.map(({ y }) => (y === 'yes' ? 1 : 0));
  const encoderOf = ({ features }: TrainedModel<DataRow>) => features as Features<DataRow>;

  beforeAll(async () => {
    ({ train, test } = await bankRows());
  });

  const boosted = async (fields: readonly string[]) => {
    const options: BoostingOptions = { objective: 'logistic', rounds: 70, learningRate: 0.2, maxDepth: 5 };
    const model = trainBoosting({ features: declared(fields, () => numeric()), rows: train, labels: labelsOf(train) }, options);
    return evaluateBinary(await xgboost(model.file, { features: encoderOf(model) }).predict(test), labelsOf(test));
  };

  it('are split as the simulation needs it', () => {
    expect([train.length, test.length, labelsOf(test).filter((label) => label === 1).length]).toEqual([40_690, 4_521, 521]);
  });

  it('logistic regression, the 14 fields of an event', async () => {
    const features = declared(FIELDS, (field) => standardise(SKEWED.includes(field) ? { log: true } : {}));
    const model = trainLogistic({ features, rows: train, labels: labelsOf(train) });
    const report = evaluateBinary(await linear(model.file, { features: encoderOf(model) }).predict(test), labelsOf(test));
    expect(report.auc).toBeGreaterThanOrEqual(0.87);
    expect(report.logLoss).toBeLessThan(0.25);
  });

  it('boosting, the 14 fields of an event', async () => {
    expect((await boosted(FIELDS)).auc).toBeGreaterThanOrEqual(0.89);
  });

  it('boosting, all 16 fields', async () => {
    expect((await boosted(ALL_FIELDS)).auc).toBeGreaterThanOrEqual(0.92);
  });

  it.skipIf(modelsAbsent !== undefined)("logistic regression finds scikit-learn's optimum", async () => {
    const theirs = JSON.parse(readFileSync(inModels('models/bank_sklearn_logistic.json'), 'utf8')) as {
      intercept: number;
      fields: Array<{ field: string; kind: string; coefficient: number; coefficients: number[] }>;
    };
    const metrics = JSON.parse(readFileSync(inModels('goldens/bank_sklearn_logistic.metrics.json'), 'utf8')) as Record<string, number>;
    const features = declared(
      theirs.fields.map(({ field }) => field),
      () => standardise(),
    );
    const model = trainLogistic({ features, rows: train, labels: labelsOf(train) });
    const wanted = theirs.fields.flatMap((field) => (field.kind === 'number' ? [field.coefficient] : field.coefficients));
    wanted.forEach((coefficient, at) => {
      expect(model.coefficients[at]).toBeCloseTo(coefficient, 7);
    });
    expect(model.intercept).toBeCloseTo(theirs.intercept, 7);
    // Our columns are rounded to 32 bits, which moves the loss in its tenth digit.
    expect(model.optimum.loss).toBeCloseTo(metrics.objective_at_optimum as number, 4);
    expect(model.optimum.gradient).toBeLessThan(1e-8);
    const report = evaluateBinary(await linear(model.file, { features: encoderOf(model) }).predict(test), labelsOf(test));
    expect(report.auc).toBeCloseTo(metrics.auc as number, 7);
    expect(report.logLoss).toBeCloseTo(metrics.log_loss as number, 7);
    expect(report.precision).toBeCloseTo(metrics.precision as number, 12);
  });
});

describe.skipIf(dataAbsent !== undefined)(`car prices${skipped}`, () => {
  let train: DataRow[];
  let test: DataRow[];
  let features: Features<DataRow>;
  const pricesOf = (rows: readonly DataRow[]) => rows.map(({ price }) => Number(price));
  const scored = async (options: BoostingOptions) => {
    const model = trainBoosting({ features, rows: train, labels: pricesOf(train) }, options);
    const predictions = await xgboost(model.file, { features }).predict(test);
    return { predictions, report: evaluateRegression(predictions, pricesOf(test)) };
  };

  beforeAll(async () => {
    const rows = await carRows();
    const split = trainTestSplit(rows.length, { testSize: 0.2, seed: 1234 });
    const rowsOf = (numbers: Int32Array) => Array.from(numbers, (number) => rows[number] as DataRow);
    train = rowsOf(split.train);
    test = rowsOf(split.test);
    features = carFeatures(train);
  });

  it("the notebook's model, trained again, says the same of each car", async () => {
    const { predictions, report } = await scored({ bins: 'exact', baseScore: 0.5 });
    expect(report.rmse).toBeCloseTo(1216.983, 2);
    expect(report.mae).toBeCloseTo(816.3838, 3);
    expect(report.mape).toBeCloseTo(7.21297, 4);
    if (modelsAbsent !== undefined) return;
    const golden = readFileSync(inModels('goldens/car.test_predictions.txt'), 'utf8').trim().split('\n').map(Number);
    const differing = golden.filter((price, at) => Math.abs(price - (predictions[at] as number)) > 0.01);
    expect(golden).toHaveLength(3_593);
    expect(differing).toEqual([]);
  });

  it('a better one, of the same columns', async () => {
    // Chosen among five by the error on a fifth of the training rows.
    const trees = { rounds: 250, learningRate: 0.05, maxDepth: 0, maxLeaves: 63, minChildWeight: 3 };
    const { report } = await scored({ ...trees, subsample: 0.8, colsample: 0.7 });
    expect(report.rmse).toBeLessThanOrEqual(1_205);
  });
});
