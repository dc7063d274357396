import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import { type FeatureRow, features, type Model, numeric, oneHot, RowErrors, xgboost } from '../../../src/models/index.ts';
import { bytesOf, smallModel } from '../support/small-model.ts';

const names = ['age', 'income'];
const trees = [{ feature: 0, below: 30, missing: 'left', left: 1, right: { feature: 1, below: 0.5, left: 2, right: 3 } }] as const;
const bytes = bytesOf(smallModel({ trees, names }));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'streamer-model-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const refusal = (rows: unknown[], options = {}) =>
  xgboost(bytes, options)
    .predict(rows as FeatureRow[])
    .then(
      () => 'answered',
      (error: Error) => error.message,
    );

describe('rows', () => {
  it('come by name in any order, or as lists in the order of training', async () => {
    const model = xgboost(bytes);
    expect(await model.predict([{ income: 1, age: 40 }, [40, 0], Float32Array.of(20, 9), [null, 1], { age: null, income: true }])).toEqual([
      3, 2, 1, 1, 1,
    ]);
  });

  it('that lack or add a feature are refused, and the feature named', async () => {
    expect(await refusal([{ age: 3 }])).toBe('the row lacks "income" of 2 features');
    expect(await refusal([{ age: 3, income: undefined }])).toBe('the row lacks "income" of 2 features');
    expect(await refusal([{ age: 3, income: 1, name: 'x' }])).toBe('the row has "name", unknown to the model');
    expect(await refusal([{ age: 3, income: 1, name: 'x' }], { extraFields: 'ignore' })).toBe('answered');
    expect(await refusal([[1, 2, 3]])).toBe('a row must have 2 features, got 3');
  });

  it('that hold something else than numbers are refused', async () => {
    expect(await refusal([{ age: '3', income: 1 }])).toBe('feature "age" must be a number, got the string "3"');
    expect(await refusal([{ age: {}, income: 1 }])).toBe('feature "age" must be a number, a string or null, got {}');
    expect(await refusal([[1, 1e39]])).toBe('feature "income" must be finite in 32 bits, got 1e+39');
    expect(await refusal([null])).toContain('a row must be an object or a list');
  });

  it('that are refused leave the others their answers', async () => {
    const error = await xgboost(bytes)
      .predict([[40, 1], [1], [20, 1]])
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(RowErrors);
    expect(error).toMatchObject({ rows: [1], retryable: false, outcomes: [{ answer: 3 }, { error: { code: 'REFUSED' } }, { answer: 1 }] });
  });

  it('need names where the file has none', async () => {
    const unnamed = bytesOf(smallModel({ trees }));
    await expect(xgboost(unnamed).predict([{ age: 1, income: 1 }])).rejects.toThrow('holds no feature names');
    expect(await xgboost(unnamed, { featureNames: names }).predict([{ age: 1, income: 1 }])).toEqual([1]);
    await expect(xgboost(unnamed, { featureNames: ['age'] }).start?.()).rejects.toThrow('featureNames must be 2 names, got 1');
    await expect(xgboost(bytes, { featureNames: ['income', 'age'] }).start?.()).rejects.toThrow(
      'featureNames has "income" where the model file has "age"',
    );
  });

  it('with categories of numbers take a number given by name as the category, and one in a list as the code', async () => {
    const model = xgboost(
      bytesOf(
        smallModel({
          trees: [{ feature: 0, among: [1], left: -1, right: 1 }],
          features: 1,
          names: ['size'],
          types: ['c'],
          enc: [{ type: 15, values: [1, 20] }],
        }),
      ),
    );
    expect(await model.predict([{ size: 20 }, { size: 1 }, [1], [0], { size: '20' }])).toEqual([1, -1, 1, -1, 1]);
    await expect(model.predict([{ size: 2 }])).rejects.toThrow('feature "size" has no category "2"; it has 1, 20');
  });

  it('with categories outside of ASCII are told to bring codes, as the names in the file are not to be trusted', async () => {
    const enc = [{ offsets: [0, 2, 5], values: [0xc3 - 256, 0xa9 - 256, 97, 98, 99] }];
    const model = xgboost(
      bytesOf(smallModel({ trees: [{ feature: 0, among: [1], left: -1, right: 1 }], features: 1, names: ['size'], enc })),
    );
    await expect(model.predict([{ size: 'abc' }])).rejects.toThrow('has categories outside of ASCII');
    expect(await model.predict([[1]])).toEqual([1]);
  });
});

describe('answers', () => {
  const classes = bytesOf(smallModel({ trees: [0, 1, 2], outputs: [0, 1, 2], classes: 3, objective: 'multi:softprob', features: 1 }));

  it('are numbers, or lists where the model has several', async () => {
    const list = xgboost(classes, { answer: 'list', margin: true });
    expectTypeOf(list).toEqualTypeOf<Model<FeatureRow, number[]>>();
    expectTypeOf(xgboost(bytes)).toEqualTypeOf<Model<FeatureRow, number>>();
    expect(await list.predict([[0], [1]])).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
    await expect(xgboost(classes).start?.()).rejects.toThrow('the model answers 3 numbers a row');
    expect(await xgboost(bytes, { answer: 'list' }).predict([[1, 1]])).toEqual([[1]]);
  });

  it('that are no finite number fail their row alone', async () => {
    const model = xgboost(
      bytesOf(
        smallModel({ trees: [{ feature: 0, below: 1, left: 1, right: 100 }], objective: 'count:poisson', baseScore: '1', features: 1 }),
      ),
    );
    await expect(model.predict([[0], [2]])).rejects.toMatchObject({
      rows: [1],
      outcomes: [{ answer: expect.closeTo(Math.E, 5) }, { error: { code: 'ANSWER' } }],
    });
  });
});

describe('the file', () => {
  it('is read at the start, and again after close', async () => {
    const file = join(folder, 'model.json');
    writeFileSync(file, bytes);
    const model = xgboost(file);
    expect(model.name).toBe('model.json');
    expect(await model.predict([[1, 1]])).toEqual([1]);
    writeFileSync(file, bytesOf(smallModel({ trees: [7] })));
    expect(await model.predict([[1, 1]])).toEqual([1]);
    await model.close?.();
    expect(await model.predict([[1, 1]])).toEqual([7]);
    expect(await xgboost(pathToFileURL(file)).predict([[1, 1]])).toEqual([7]);
  });

  it('is named when it is absent or damaged, and may be put right', async () => {
    const file = join(folder, 'absent.json');
    const model = xgboost(file);
    await expect(model.start?.()).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining(`cannot read the model file ${file}`),
    });
    writeFileSync(file, '{}');
    await expect(model.predict([[1, 1]])).rejects.toThrow(`${file}: the model file has no learner`);
    writeFileSync(file, bytes);
    await model.health?.();
    expect(await model.predict([[1, 1]])).toEqual([1]);
  });

  it('does not answer when nobody waits any more', async () => {
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(xgboost(bytes).predict([[1, 1]], { signal })).rejects.toThrow('gone');
  });
});

describe('features', () => {
  const declared = features({ years: numeric({ as: 'age' }), rich: oneHot(['yes'], { as: 'income', unknown: 'zeros' }) });

  it('make the columns of the model, whatever their order', async () => {
    const model = xgboost(
      bytesOf(
        smallModel({
          trees: [{ feature: 1, below: 30, left: 1, right: { feature: 0, below: 0.5, left: 2, right: 3 } }],
          names: ['income=yes', 'age'],
        }),
      ),
      {
        features: declared,
      },
    );
    expect(
      await model.predict([
        { years: 40, rich: 'yes' },
        { years: 40, rich: 'no' },
        { years: 20, rich: 'yes' },
      ]),
    ).toEqual([3, 2, 1]);
  });

  it('must be those of the model', async () => {
    await expect(xgboost(bytes, { features: declared }).start?.()).rejects.toThrow(
      'the model has no column "income=yes"; the features lack its "income"',
    );
    await expect(xgboost(bytes, { features: features({ age: numeric() }) }).start?.()).rejects.toThrow(
      'the features have 1 columns, and the model takes 2',
    );
  });

  it('are read from a file', async () => {
    const file = join(folder, 'own.features.json');
    writeFileSync(file, JSON.stringify(features({ age: numeric(), income: numeric() })));
    expect(await xgboost<{ age: number; income: number }>(bytes, { features: file }).predict([{ age: 40, income: 1 }])).toEqual([3]);
  });

  it('must be those that the model was trained with: by the hash in the file, and by the declaration beside it', async () => {
    const trained = features({ age: numeric(), income: numeric() });
    const other = features({ age: numeric(), income: numeric({ missing: 0 }) });
    const hashed = bytesOf(smallModel({ trees, names, attributes: { 'streamer.features': trained.hash } }));
    await xgboost(hashed, { features: trained }).start?.();
    await expect(xgboost(hashed, { features: other }).start?.()).rejects.toThrow(
      'the model was trained with other features: the model file has sha256:',
    );
    const file = join(folder, 'model.json');
    writeFileSync(file, bytes);
    writeFileSync(join(folder, 'model.features.json'), JSON.stringify(trained));
    await xgboost(file, { features: trained }).start?.();
    await expect(xgboost(file, { features: other }).start?.()).rejects.toThrow('model.features.json has sha256:');
  });
});

it('options that make no sense are refused at once', () => {
  expect(() => xgboost(bytes, { inThread: -1 })).toThrow('inThread: expected');
  expect(() => xgboost(bytes, { inThread: 1.5 })).toThrow('inThread: expected');
});
