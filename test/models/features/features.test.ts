import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type Features,
  features,
  featuresFromJson,
  log,
  lookup,
  numeric,
  oneHot,
  ordinal,
  standardise,
  xgboost,
} from '../../../src/models/index.ts';
import { hexOf } from '../support/bits.ts';
import { goldens, inModels, modelsAbsent } from '../support/models-dir.ts';

const one = (declared: Features<never>, row: object) => Array.from(declared.encode([row as never]));

describe('features', () => {
  const bank = features({
    age: numeric(),
    job: oneHot(['admin.', 'services']),
    month: ordinal(['apr', 'may']),
    balance: [log(), standardise({ mean: 10, deviation: 4, as: 'balance_z' })],
    town: lookup({ Porto: 0.25 }, { unknown: 0 }),
  });

  const NOTHING = { age: null, job: null, month: null, balance: null, town: null };

  it('encode a row to named columns, in the order of the declaration', () => {
    expect(bank.columns).toEqual(['age', 'job=admin.', 'job=services', 'month', 'balance', 'balance_z', 'town']);
    expect(one(bank, { age: 3, job: 'services', month: 'may', balance: -18, town: 'Porto' })).toEqual([
      3,
      0,
      1,
      1,
      Math.fround(-Math.log(19)),
      -7,
      0.25,
    ]);
    expect(bank.encode([{ ...NOTHING, age: true }, NOTHING])).toHaveLength(14);
  });

  it('know the types of the rows that fit', () => {
    expectTypeOf(bank.encode).parameter(0).items.toHaveProperty('age').toEqualTypeOf<number | boolean | null>();
    expectTypeOf(bank.encode).parameter(0).items.toHaveProperty('job').toEqualTypeOf<string | number | boolean | null>();
    // @ts-expect-error: a number is wanted
    expect(() => bank.encode([{ ...NOTHING, age: 'x' }])).toThrow('the field "age" must be a finite number, got "x"');
  });

  it('make missing what is missing, unless told otherwise', () => {
    expect(one(bank, NOTHING)).toEqual([Number.NaN, 0, 0, Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
    const other = features({
      a: numeric({ missing: -1 }),
      b: log({ missing: 0 }),
      c: oneHot(['x'], { missing: 'nan' }),
      d: lookup({}, { missing: 9, unknown: 8 }),
    });
    expect(one(other, { a: null, b: Number.NaN, c: null, d: null })).toEqual([-1, 0, Number.NaN, 9]);
    expect(one(other, { a: 1, b: 0, c: 'x', d: 'y' })).toEqual([1, 0, 1, 8]);
    const strict = features({
      a: numeric({ missing: 'refuse' }),
      b: ordinal(['x'], { missing: 'refuse' }),
      c: oneHot(['x'], { missing: 'refuse' }),
    });
    expect(() => strict.encode([{ a: null, b: 'x', c: 'x' }])).toThrow('the row lacks the field "a"');
    expect(() => strict.encode([{ a: 1, b: null, c: 'x' }])).toThrow('the row lacks the field "b"');
    expect(() => strict.encode([{ a: 1, b: 'x', c: null }])).toThrow('the row lacks the field "c"');
  });

  it('refuse a row that lacks a field: null says that a value is missing', () => {
    // @ts-expect-error: all fields are wanted
    const encode = () => bank.encode([{ age: 1, Job: 'admin.', town: null, balance: 3 }]);
    expect(encode).toThrow(
      expect.objectContaining({ message: 'the row lacks "job", "month"', field: 'job', next: 'null stands for a missing value.' }),
    );
  });

  it('refuse what is not in the list, or take it as told', () => {
    expect(() => bank.encode([{ ...NOTHING, job: 'astronaut' }])).toThrow(
      'the field "job" must be one of admin., services; got "astronaut"',
    );
    expect(() => bank.encode([{ ...NOTHING, month: 'mai' }])).toThrow('the field "month" must be one of apr, may; got "mai"');
    const lenient = features({
      a: oneHot(['x', 'rest'], { unknown: { as: 'rest' } }),
      b: oneHot(['x'], { unknown: 'nan' }),
      c: ordinal(['x'], { unknown: 'nan' }),
      d: oneHot(['x'], { unknown: 'zeros' }),
    });
    expect(one(lenient, { a: 'q', b: 'q', c: 'q', d: 'q' })).toEqual([0, 1, Number.NaN, Number.NaN, 0]);
  });

  it('that make no sense are refused, with all that is wrong', () => {
    expect(() => features({})).toThrow('there are no fields');
    expect(() => features({ a: standardise({ mean: 1 }), b: oneHot(['x', 'x']), c: oneHot(['x'], { unknown: { as: 'y' } }) })).toThrow(
      /a: mean and deviation come together.*b: oneHot cannot have values.*c: unknown values become "y"/s,
    );
    expect(() => features({ a: { kind: 'numeric', scale: 3 } as never })).toThrow('a: numeric cannot have scale: 3');
    expect(() => features({ a: { kind: 'magic' } as never })).toThrow('a: there is no feature "magic"');
    expect(() => features({ a: [numeric(), numeric()] })).toThrow('two columns are named "a"');
  });
});

describe('fit', () => {
  const open = features({ age: standardise(), job: oneHot(), month: ordinal(), spend: standardise({ log: true }), flat: standardise() });
  const rows = [
    { age: 10, job: 'b', month: 'may', spend: 0, flat: 5 },
    { age: 20, job: 'a', month: 'apr', spend: Math.E - 1, flat: 5 },
    { age: null, job: 'b', month: null, spend: null, flat: 5 },
  ];

  it('finds what the declaration leaves open', () => {
    expect(open.isFitted).toBe(false);
    expect(() => open.encode(rows)).toThrow('the feature of field "age" has not been fitted');
    const fitted = open.fit(rows);
    expect(fitted.columns).toEqual(['age', 'job=a', 'job=b', 'month', 'spend', 'flat']);
    expect(Array.from(fitted.encode(rows))).toEqual([-1, 0, 1, 1, -1, 0, 1, 1, 0, 0, 1, 0, Number.NaN, 0, 1, Number.NaN, Number.NaN, 0]);
    expect(fitted.fit([{ ...rows[0], age: 99, job: 'z' } as never]).hash).toBe(fitted.hash);
  });

  it('needs values', () => {
    expect(() => open.fit([{ age: 1, job: null, month: null, spend: 1, flat: 1 }])).toThrow('the field "job" has no value');
    expect(() => features({ age: standardise() }).fit([{ age: null }])).toThrow('the field "age" has no finite mean');
  });
});

describe('saved features', () => {
  const declared = features({ age: numeric({ missing: 0 }), job: oneHot(['a', 'b'], { unknown: 'zeros' }), town: lookup({ x: 1, y: 2 }) });

  it('encode as those that were saved', () => {
    const back = featuresFromJson<{ age?: number | null; job?: string; town?: string }>(JSON.parse(JSON.stringify(declared)));
    expect(back.hash).toBe(declared.hash);
    fc.assert(
      fc.property(
        fc.record({
          age: fc.option(fc.float({ noNaN: true, noDefaultInfinity: true })),
          job: fc.string(),
          town: fc.constantFrom('x', 'y'),
        }),
        (row) => {
          expect(back.encode([row])).toEqual(declared.encode([row]));
        },
      ),
    );
  });

  it('have a hash that changes with what they mean, and not with how they are written', () => {
    expect(features({ age: numeric({ as: 'a', missing: 0 }) }).hash).toBe(features({ age: [numeric({ missing: 0, as: 'a' })] }).hash);
    expect(features({ t: lookup({ x: 1, y: 2 }) }).hash).toBe(features({ t: lookup({ y: 2, x: 1 }) }).hash);
    const hashes = [
      features({ a: numeric(), b: numeric() }),
      features({ b: numeric(), a: numeric() }),
      features({ a: numeric(), b: log() }),
      features({ a: oneHot(['x', 'y']) }),
      features({ a: oneHot(['y', 'x']) }),
      features({ a: standardise({ mean: 0, deviation: 1 }) }),
      features({ a: standardise({ mean: 0, deviation: 2 }) }),
    ].map(({ hash }) => hash);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('that were changed by hand are refused', () => {
    const json = JSON.parse(JSON.stringify(declared));
    json.fields.job.values.reverse();
    expect(() => featuresFromJson(json)).toThrow('was changed: its fields do not fit its hash');
    expect(() => featuresFromJson({ ...json, version: 2 })).toThrow('has version 2; only version 1 is known');
    for (const other of [null, [], 3, {}, { kind: 'streamer.features' }])
      expect(() => featuresFromJson(other)).toThrow('not a saved declaration');
  });

  it('may be the plain list of a Python script', () => {
    const plain = featuresFromJson({ features: ['age', 'job'], categorical: { job: ['a', 'b'] } });
    expect(one(plain as Features<never>, { age: 3, job: 'b' })).toEqual([3, 1]);
    expect(one(plain as Features<never>, { age: null, job: 'zzz' })).toEqual([Number.NaN, Number.NaN]);
    for (const names of [
      ['age', '7'],
      ['age', 'age'],
      ['2', '1'],
    ])
      expect(() => featuresFromJson({ features: names })).toThrow('names must differ, and integer names must come first');
    expect(featuresFromJson({ features: ['1', '2', 'age'] }).columns).toEqual(['1', '2', 'age']);
  });
});

describe.skipIf(modelsAbsent !== undefined)(
  `encoders of MODELS_DIR${modelsAbsent === undefined ? '' : ` (skipped: ${modelsAbsent})`}`,
  () => {
    const json = (path: string) => JSON.parse(readFileSync(inModels(path), 'utf8'));

    it('the plain list of the bank models gives the features of the goldens', () => {
      const bank = featuresFromJson(json('models/bank.encoder.json'));
      const rows = goldens('bank_categorical');
      expect(Array.from(bank.encode(rows.map(({ raw }) => raw ?? {})))).toEqual(
        rows.flatMap(({ features: list }) => (list ?? []).map((value) => (value === null ? Number.NaN : Math.fround(value)))),
      );
    });

    it('the encoding of the car model, declared here, gives the features and prices of the goldens to the last bit', async () => {
      const { scale, order, transmission, fuel, modelFrequency } = json('models/car.encoder.json');
      const scaled = (field: string) => {
        const { log1p, mean, std } = scale[field];
        return standardise({ mean, deviation: std, log: log1p, as: `${log1p ? 'log1p_' : ''}${field}_z` });
      };
      const cars = features({
        mileage: scaled('mileage'),
        tax: scaled('tax'),
        transmission: oneHot(transmission),
        fuelType: oneHot(fuel, { as: 'fuel', unknown: { as: 'Others' } }),
        model: lookup(modelFrequency, { as: 'model_frequency', unknown: 0 }),
        year: scaled('year'),
        mpg: scaled('mpg'),
        engineSize: scaled('engineSize'),
      });
      expect(cars.columns).toEqual(order);
      const rows = goldens('car').filter(({ kind }) => kind === 'real');
      const raw = rows.map((row) => row.raw ?? {}) as never[];
      expect(hexOf(cars.encode(raw))).toBe(rows.map((row) => row.features_hex).join(''));
      expect(await xgboost(inModels('models/car.json'), { features: cars }).predict(raw)).toEqual(
        rows.map(({ prediction }) => Math.fround(prediction as number)),
      );
    });
  },
);
