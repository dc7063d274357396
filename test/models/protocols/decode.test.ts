import { describe, expect, it } from 'vitest';
import { http, type Model, RowErrors } from '../../../src/models/index.ts';
import { answer, stagedServer } from '../support/staged-server.ts';

type Row = never;
const tensor = { name: 'x', datatype: 'FP32' } as const;
const output = (shape: number[], data: unknown[], datatype = 'FP32', name = 'y') => ({ name, shape, datatype, data });

/** Makes a model of a base address. Rows are objects unless the protocol asks for lists. */
const make = {
  rows: (url: string): Model<Row, unknown> => http.rows(`${url}/predict`),
  columns: (url: string): Model<Row, unknown> => http.columns(`${url}/predict`),
  bentoml: (url: string): Model<Row, unknown> => http.bentoml(url),
  mlflow: (url: string): Model<Row, unknown> => http.mlflow(url),
  tfRow: (url: string): Model<Row, unknown> => http.tensorFlowServing(url, { model: 'm' }),
  tfColumn: (url: string): Model<Row, unknown> => http.tensorFlowServing(url, { model: 'm', format: 'column' }),
  kserveV1: (url: string): Model<Row, unknown> => http.kserveV1(url, { model: 'm' }),
  oip: (url: string): Model<Row, unknown> => http.openInference(url, { model: 'm', columns: { a: 'FP32' } }),
  oipY: (url: string): Model<Row, unknown> => http.openInference(url, { model: 'm', columns: { a: 'FP32' }, output: 'y' }),
  oipTensor: (url: string): Model<Row, unknown> => http.openInference(url, { model: 'm', tensor }),
};

const rows = (name: keyof typeof make, count: number) =>
  Array.from({ length: count }, (_, a) => (name === 'oipTensor' ? [a] : { a })) as Row[];

async function answered<T>(
  name: keyof typeof make,
  body: unknown,
  count: number,
  use: (promise: Promise<unknown>) => Promise<T>,
): Promise<T> {
  const server = await stagedServer(answer(body as string));
  const model = make[name](server.origin);
  try {
    return await use(model.predict(rows(name, count)));
  } finally {
    await model.close?.();
    await server.close();
  }
}

describe('answers', () => {
  it.each<[keyof typeof make, unknown, unknown[]]>([
    ['rows', [{ p: 1 }, 2], [{ p: 1 }, 2]],
    ['columns', [10.5, 11], [10.5, 11]],
    [
      'columns',
      { label: ['Yes', 'No'], p: [0.9, 0.8] },
      [
        { label: 'Yes', p: 0.9 },
        { label: 'No', p: 0.8 },
      ],
    ],
    ['bentoml', [1, 2], [1, 2]],
    [
      'mlflow',
      {
        predictions: [
          [0.1, 0.9],
          [0.2, 0.8],
        ],
      },
      [
        [0.1, 0.9],
        [0.2, 0.8],
      ],
    ],
    ['mlflow', { predictions: { label: ['a', 'b'] } }, [{ label: 'a' }, { label: 'b' }]],
    ['tfRow', { predictions: [[0.5], [0.25]] }, [[0.5], [0.25]]],
    ['tfColumn', { outputs: [1, 2] }, [1, 2]],
    [
      'tfColumn',
      { outputs: { p: [1, 2], q: [[3], [4]] } },
      [
        { p: 1, q: [3] },
        { p: 2, q: [4] },
      ],
    ],
    ['kserveV1', { predictions: [1, 2] }, [1, 2]],
    ['oip', { outputs: [output([2], [1, 2])] }, [1, 2]],
    ['oip', { outputs: [output([2, 1], [1, 2])] }, [1, 2]],
    ['oip', { outputs: [output([2, 1], [[1], [2]])] }, [1, 2]],
    [
      'oip',
      { outputs: [output([2, 2], [1, 2, 3, 4])] },
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      'oip',
      { outputs: [output([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8])] },
      [
        [
          [1, 2],
          [3, 4],
        ],
        [
          [5, 6],
          [7, 8],
        ],
      ],
    ],
    ['oip', { outputs: [output([2], ['Yes', 'No'], 'BYTES')] }, ['Yes', 'No']],
    [
      'oip',
      { outputs: [output([2], [1, 2]), output([2], ['a', 'b'], 'BYTES', 'z')] },
      [
        { y: 1, z: 'a' },
        { y: 2, z: 'b' },
      ],
    ],
    ['oipY', { outputs: [output([2], ['a', 'b'], 'BYTES', 'z'), output([2], [1, 2])] }, [1, 2]],
    ['oipTensor', { id: '1', parameters: {}, outputs: [output([2, 1], [1, 2])] }, [1, 2]],
  ])('%s: %j', async (name, body, expected) => {
    expect(await answered(name, body, 2, (promise) => promise)).toEqual(expected);
  });

  it.each<[keyof typeof make, unknown, RegExp]>([
    ['rows', [1], /asked 2 rows and answered 1$/],
    ['rows', { detail: 'odd' }, /must answer a list of 2, got \{"detail":"odd"\}/],
    ['columns', { a: [1, 2], b: [1] }, /asked 2 rows and answered 1 in "b"/],
    ['columns', { a: 1 }, /or an object of lists/],
    ['columns', {}, /got \{\}/],
    ['bentoml', [1, 2, 3], /asked 2 rows and answered 3$/],
    ['mlflow', [1, 2], /object with "predictions"/],
    ['mlflow', { predictions: [1] }, /answered 1$/],
    ['tfRow', { outputs: [1, 2] }, /object with "predictions"/],
    ['tfColumn', { outputs: [1] }, /answered 1$/],
    ['kserveV1', { predictions: 'x' }, /predictions as a list of 2/],
    ['oip', { outputs: [] }, /object with "outputs"/],
    ['oip', null, /object with "outputs"/],
    ['oip', { outputs: [output([3, 1], [1, 2, 3])] }, /asked 2 rows and answered 3 in "y"/],
    ['oip', { outputs: [output([2, 2], [1, 2, 3])] }, /answered 3 values in "y" for the shape \[2,2\]/],
    ['oip', { outputs: [{ name: 'y', data: [1, 2] }] }, /without shape/],
    ['oipY', { outputs: [output([2], [1, 2], 'FP32', 'other')] }, /no output "y", but "other"/],
  ])('%s refuses %j', async (name, body, message) => {
    const error = await answered(name, JSON.stringify(body), 2, (promise) =>
      promise.then(
        () => undefined,
        (reason: unknown) => reason,
      ),
    );
    expect(error).toMatchObject({ code: 'ANSWER', retryable: true, message: expect.stringMatching(message) });
    expect((error as Error).message).toMatch(/^the model at http:\/\/127\.0\.0\.1:\d+/);
  });

  it.each<[keyof typeof make, string]>([
    ['rows', '[1, NaN, 3]'],
    ['columns', '[1, Infinity, 3]'],
    ['columns', '{"p": [1, NaN, 3]}'],
    ['bentoml', '[1, null, 3]'],
    ['mlflow', '{"predictions": [1, -Infinity, 3]}'],
    ['mlflow', '{"predictions": [[1, 2], [1, NaN], [3, 4]]}'],
    ['tfRow', '{"predictions": [1, NaN, 3]}'],
    ['oip', '{"outputs":[{"name":"y","shape":[3,1],"datatype":"FP32","data":[1,null,3]}]}'],
    ['oip', '{"outputs":[{"name":"y","shape":[3,2],"datatype":"FP32","data":[1,1,null,2,3,3]}]}'],
  ])('%s: what is no number is the error of its row alone: %s', async (name, text) => {
    const error = await answered(name, text, 3, (promise) =>
      promise.then(
        () => undefined,
        (reason: unknown) => reason,
      ),
    );
    expect(error).toBeInstanceOf(RowErrors);
    expect((error as RowErrors).outcomes.map((outcome) => 'error' in outcome)).toEqual([false, true, false]);
  });
});

describe('health', () => {
  it.each<[keyof typeof make, string | undefined]>([
    ['rows', undefined],
    ['columns', undefined],
    ['bentoml', '/readyz'],
    ['mlflow', '/ping'],
    ['tfRow', '/v1/models/m'],
    ['kserveV1', '/v1/models/m'],
    ['oip', '/v2/models/m/ready'],
  ])('%s asks %s', async (name, path) => {
    const server = await stagedServer(answer('\n'));
    const model = make[name](`${server.origin}/`);
    await model.health?.();
    expect(server.asked.map(({ method, url }) => `${method} ${url}`)).toEqual(path === undefined ? [] : [`GET ${path}`]);
    server.next(answer('not yet', 503));
    if (path !== undefined) await expect(model.health?.()).rejects.toMatchObject({ code: 'UNAVAILABLE', status: 503 });
    await model.close?.();
    await server.close();
  });

  it('stays below the path of the address', async () => {
    const server = await stagedServer(answer([1]));
    const model = http.bentoml(`${server.origin}/gateway/cars?key=1`, { route: '/price' });
    await model.health?.();
    await model.predict([{ a: 1 }]);
    expect(server.asked.map(({ url }) => url)).toEqual(['/gateway/cars/readyz', '/gateway/cars/price?key=1']);
    await model.close?.();
    await server.close();
  });
});

describe('custom', () => {
  it('writes and reads as it is told, and has all the rest from the others', async () => {
    const server = await stagedServer(answer({ scores: [1, 'bad', 3] }));
    const model = http.custom<number, number>(server.origin, {
      encode: (numbers) => ({ path: '/score', headers: { 'content-type': 'text/csv' }, body: JSON.stringify(numbers.join(',')) }),
      decode: (body) => (body as { scores: unknown[] }).scores.map((score) => (score === 'bad' ? new Error('bad score') : score)),
      maxRows: 3,
    });
    const error = await model.predict([4, 5, 6]).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(server.asked[0]).toMatchObject({ method: 'POST', url: '/score', body: '4,5,6', headers: { 'content-type': 'text/csv' } });
    expect((error as RowErrors).outcomes).toMatchObject([{ answer: 1 }, { error: { message: 'bad score' } }, { answer: 3 }]);
    await expect(model.predict([1, 2, 3, 4])).rejects.toMatchObject({ code: 'USAGE' });
    await expect(model.predict([1])).rejects.toMatchObject({
      code: 'ANSWER',
      message: expect.stringMatching(/asked 1 rows and answered 3/),
    });
    server.next(answer({}));
    await expect(model.predict([1])).rejects.toMatchObject({ code: 'ANSWER', message: expect.stringMatching(/cannot be read/) });
    await model.close?.();
    await server.close();
  });
});
