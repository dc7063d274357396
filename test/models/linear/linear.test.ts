import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { features, linear, lookup, numeric } from '../../../src/models/index.ts';
import { goldens, inModels, modelsAbsent } from '../support/models-dir.ts';

const bytes = (model: object) => new TextEncoder().encode(JSON.stringify(model));
const sigmoid = (sum: number) => 1 / (1 + Math.exp(-sum));

const fields = {
  kind: 'logistic-regression',
  intercept: 0.5,
  fields: [
    { field: 'age', kind: 'number', mean: 40, std: 10, coefficient: 2 },
    { field: 'job', kind: 'category', values: ['a', 'b'], coefficients: [1, -1] },
  ],
};
const flat = { features: ['x', 'y'], coefficients: [2, 3], intercept: 1 };
const weights = {
  model: { intercept: 1, numbers: { n: { transform: 'log', mean: 1, deviation: 2, weight: 3 } }, texts: { t: { yes: 5 } } },
};

describe('linear', () => {
  it('adds numbers and categories up, and answers a probability', async () => {
    const answers = await linear(bytes(fields)).predict([
      { age: 50, job: 'b', other: 1 },
      { age: 40, job: 'new' },
    ]);
    expect(answers).toEqual([sigmoid(2 - 1 + 0.5), sigmoid(0.5)]);
    expect(await linear(bytes(fields), { margin: true }).predict([{ age: 50, job: 'a' }])).toEqual([3.5]);
  });

  it('answers the sum of a linear regression', async () => {
    expect(await linear(bytes({ ...flat, kind: 'linear-regression' })).predict([{ x: 10, y: 100 }])).toEqual([321]);
    expect(await linear<number[]>(bytes(flat), { link: 'identity' }).predict([[1, 0]])).toEqual([3]);
  });

  it('reads the weights of the customer-prediction example', async () => {
    expect(await linear(bytes(weights)).predict([{ n: Math.E - 1, t: 'yes' }])).toEqual([sigmoid(1 + 5)]);
    expect(await linear(bytes(weights.model), { margin: true }).predict([{ n: 0, t: '?' }])).toEqual([-0.5]);
  });

  it('takes its columns from declared features', async () => {
    const declared = features({ y: numeric(), x: lookup({ small: 1, large: 10 }) });
    expect(await linear(bytes(flat), { link: 'identity', features: declared }).predict([{ x: 'large', y: 1 }])).toEqual([24]);
    const hashed = { ...flat, kind: 'linear-regression', featuresHash: 'sha256:other' };
    await expect(linear(bytes(hashed), { features: declared }).start?.()).rejects.toThrow('the model was trained with other features');
  });

  it('refuses a row without a number, and that row alone', async () => {
    const rows = [{ age: 40, job: 'a' }, { age: null, job: 'a' }, { job: 'a' }, { age: 'x', job: 'a' }, { age: 1 }];
    const error = await linear(bytes(fields))
      .predict(rows)
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ rows: [1, 2, 3, 4], outcomes: [{ answer: sigmoid(1.5) }, {}, {}, {}, {}] });
    const told = (error as { outcomes: { error: Error }[] }).outcomes.slice(1).map((outcome) => outcome.error.message);
    expect(told).toEqual([
      'the field "age" must be a finite number; it is missing, and a linear model has no answer then',
      'the field "age" must be a finite number; it is missing, and a linear model has no answer then',
      'the field "age" must be a finite number; got "x"',
      'the field "job" must be a string; it is missing, and a linear model has no answer then',
    ]);
    await expect(linear(bytes(fields), { unknownCategory: 'refuse' }).predict([{ age: 1, job: 'c' }])).rejects.toThrow(
      'must be one of a, b; got "c"',
    );
  });

  it.each<[object | string, string]>([
    ['{', 'must be JSON'],
    [[], 'the file must be an object'],
    [{}, 'this is not a linear model'],
    [flat, 'does not say what its sum means'],
    [{ ...flat, kind: 'tree' }, "a linear model's kind must be"],
    [{ ...fields, intercept: null }, 'intercept has null for a number'],
    [{ ...flat, kind: 'linear-regression', features: ['x'] }, 'has 2 coefficients and must name as many features'],
    [{ ...flat, kind: 'linear-regression', features: ['x', 'x'] }, 'has the field "x" twice'],
    [{ ...fields, fields: [{ field: 'a', kind: 'number', std: 0, coefficient: 1 }] }, 'a has a deviation of 0'],
    [{ ...fields, fields: [{ field: 'a', kind: 'category', values: ['x'], coefficients: [] }] }, 'as many coefficients as values'],
  ])('%j: %s', async (model, message) => {
    const content = typeof model === 'string' ? new TextEncoder().encode(model) : bytes(model);
    await expect(linear(content).start?.()).rejects.toMatchObject({ code: 'CONFIG', message: expect.stringContaining(message) });
  });

  it('refuses a link that is not the kind’s', async () => {
    await expect(linear(bytes(fields), { link: 'identity' }).start?.()).rejects.toThrow('its link is logit and not identity');
  });
});

describe.skipIf(modelsAbsent !== undefined)(
  `linear models of MODELS_DIR${modelsAbsent === undefined ? '' : ` (skipped: ${modelsAbsent})`}`,
  () => {
    it('bank_sklearn_logistic is scored as scikit-learn does', async () => {
      const rows = goldens('bank_sklearn_logistic');
      const file = inModels('models/bank_sklearn_logistic.json');
      const raw = rows.map((row) => row.raw ?? {});
      const [margins, probabilities] = [await linear(file, { margin: true }).predict(raw), await linear(file).predict(raw)];
      rows.forEach((row, at) => {
        expect(Math.abs((margins[at] as number) - (row.margin as number))).toBeLessThan(
          1e-12 * Math.max(1, Math.abs(row.margin as number)),
        );
        expect(Math.abs((probabilities[at] as number) / (row.probability as number) - 1)).toBeLessThan(1e-12);
      });
    });

    it('seed_bank_logistic answers its readme’s row to the last digit, texts encoded as the service does', async () => {
      const { features: names, golden } = JSON.parse(readFileSync(inModels('seed_bank_logistic.json'), 'utf8'));
      const encoding = features(
        Object.fromEntries(
          names.map((name: string) => [name, typeof golden.row[name] === 'number' ? numeric() : lookup({}, { unknown: 0 })]),
        ),
      );
      const [yes] = await linear(inModels('seed_bank_logistic.json'), { link: 'logit', features: encoding }).predict([golden.row]);
      expect(1 - (yes as number)).toBe(golden.probability);
    });
  },
);
