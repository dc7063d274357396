import { describe, expect, it } from 'vitest';
import {
  features,
  featuresFromJson,
  http,
  linear,
  lookup,
  numeric,
  oneHot,
  ordinal,
  trainBoosting,
  xgboost,
} from '../../src/models/index.ts';
import { inferFeatures } from '../../src/models/training/infer.ts';
import { bytesOf, smallModel } from './support/small-model.ts';
import { answer, stagedServer } from './support/staged-server.ts';

/** Every object inherits something under these names. */
const NAMES = ['constructor', 'toString', 'hasOwnProperty', '__proto__', 'valueOf'] as const;

const row = (value: unknown) => Object.fromEntries(NAMES.map((name) => [name, value]));

describe('names that are properties of Object', () => {
  it('of features: their values are taken, and a row that lacks them is refused', () => {
    const declared = features(Object.fromEntries(NAMES.map((name) => [name, numeric()])));
    expect(declared.columns).toEqual(NAMES);
    expect([...declared.encode([row(2) as never])]).toEqual([2, 2, 2, 2, 2]);
    for (const name of NAMES) {
      const lacking = Object.fromEntries(Object.entries(row(2)).filter(([other]) => other !== name));
      expect(() => declared.encode([lacking as never])).toThrow(`the row lacks ${JSON.stringify(name)}`);
    }
    const saved = featuresFromJson(JSON.parse(JSON.stringify(declared)));
    expect([...saved.encode([row(3) as never])]).toEqual([3, 3, 3, 3, 3]);
  });

  it('of categories', () => {
    const values = [...NAMES];
    const table = Object.fromEntries(NAMES.map((name, at) => [name, at]));
    const declared = features({ a: ordinal(values), b: oneHot(values), c: lookup(table) });
    const encode = (value: string) => [...declared.encode([{ a: value, b: value, c: value }])];
    NAMES.forEach((name, at) => {
      expect(encode(name)).toEqual([at, ...NAMES.map((_, other) => Number(other === at)), at]);
    });
    expect(() => encode('isPrototypeOf')).toThrow('must be one of');
  });

  it('of columns of a CSV file', () => {
    const rows = [row('1'), row('2')] as Record<string, string>[];
    expect(Object.keys(inferFeatures(rows, NAMES, 'trees').fields)).toEqual(NAMES);
    const empty = inferFeatures(rows.map(() => row('')) as Record<string, string>[], NAMES, 'trees');
    expect(Object.keys(empty.leftOut)).toEqual(NAMES);
  });

  it('of options are unknown', () => {
    const data = { columns: ['x'], numbers: Float32Array.of(0, 1), labels: [0, 1] };
    for (const name of ['constructor', 'toString'])
      expect(() => trainBoosting(data, { [name]: 1 } as never)).toThrow(`unknown option "${name}"`);
  });

  it('of fields of models in process', async () => {
    const trees = [{ feature: 0, below: 1, left: -1, right: 1 }];
    const tree = xgboost(bytesOf(smallModel({ trees, features: NAMES.length, names: NAMES })));
    expect(await tree.predict([row(0), row(2)] as never[])).toEqual([-1, 1]);
    await expect(tree.predict([{}] as never[])).rejects.toThrow('the row lacks "constructor", "toString"');
    const sum = linear(Buffer.from(JSON.stringify({ features: NAMES, coefficients: NAMES.map(() => 1), intercept: 0 })), {
      link: 'identity',
    });
    expect(await sum.predict([row(2)])).toEqual([10]);
    await expect(sum.predict([{}])).rejects.toThrow('it is missing');
  });

  it('of columns, answers, outputs, models and headers over HTTP', async () => {
    const server = await stagedServer(answer([1]));
    const { url, origin } = server;
    const columns = http.columns(url, { columns: NAMES, headers: { constructor: 'a', __proto: 'b' } });
    expect(await columns.predict([row(1) as never])).toEqual([1]);
    expect(Object.entries(server.asked[0]?.body as object)).toEqual(NAMES.map((name) => [name, [1]]));
    expect(server.asked[0]?.headers['constructor']).toBe('a');
    await expect(columns.predict([{}])).rejects.toThrow('row 0 has no "constructor"');
    await expect(http.mlflow(origin, { columns: NAMES }).predict([{}])).rejects.toThrow('row 0 has no "constructor"');

    server.next(answer(`{${NAMES.map((name) => `${JSON.stringify(name)}:[2]`).join()}}`, 200, { constructor: 'x', tostring: 'y' }));
    const [answered] = await http.columns<object, object>(url, { columns: NAMES }).predict([row(1)]);
    expect(Object.entries(answered as object)).toEqual(NAMES.map((name) => [name, 2]));

    server.next(answer({ outputs: NAMES.map((name) => ({ name, shape: [1], datatype: 'FP32', data: [3] })) }));
    const tensor = { name: '__proto__', datatype: 'FP32' } as const;
    const [outputs] = await http.openInference<unknown, object>(origin, { model: '__proto__', tensor }).predict([[1]]);
    expect(Object.entries(outputs as object)).toEqual(NAMES.map((name) => [name, 3]));
    expect(server.asked.at(-1)?.url).toBe('/v2/models/__proto__/infer');

    server.next(answer({}));
    await expect(http.mlflow(origin).predict([{ x: 1 }])).rejects.toThrow('must answer an object with "predictions"');
    await server.close();
  });
});
