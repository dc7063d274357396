import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { http, type Model, ModelError, type PredictOptions, RowErrors, xgboost } from '../../src/models/index.ts';
import { type ModelServer, type ServeOptions, serveModel } from '../../src/web/index.ts';
import { bytesOf, smallModel } from '../models/support/small-model.ts';

const FILE = bytesOf(
  smallModel({
    trees: [
      { feature: 0, below: 0.5, missing: 'right', left: 1, right: 2 },
      { feature: 1, below: 10, missing: 'left', left: 0.25, right: 0.5 },
    ],
    names: ['x', 'y'],
  }),
);

async function served<Row, Answer>(options: ServeOptions<Row, Answer>): Promise<ModelServer> {
  const server = await serveModel({ port: 0, drainMs: 200, ...options });
  onTestFinished(() => server.close());
  return server;
}

const tree = (options: Omit<ServeOptions<never, never>, 'model'> = {}) =>
  served({ model: xgboost(FILE), ...options } as ServeOptions<never, never>);

async function ask(url: string, body: unknown, method = 'POST') {
  const response = await fetch(url, {
    method,
    ...(method === 'GET' ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text), headers: response.headers };
}

/** A model that answers when it is told to. */
function gated() {
  const waiting: Array<() => void> = [];
  const asked: Array<() => void> = [];
  let calls = 0;
  const model: Model<object, number> = {
    name: 'gated',
    predict: (rows, { signal }: PredictOptions = {}) =>
      new Promise((resolve, reject) => {
        calls++;
        for (const tell of asked.splice(0)) tell();
        signal?.addEventListener('abort', () => reject(signal.reason));
        waiting.push(() => resolve(rows.map(() => 1)));
      }),
  };
  return {
    model,
    open() {
      for (const open of waiting.splice(0)) open();
    },
    /** Resolves when the model has been asked so often. */
    async asked(count: number) {
      while (calls < count) await new Promise<void>((resolve) => asked.push(resolve));
    },
  };
}

describe('our own protocols ask it', () => {
  it('rows', async () => {
    const { url } = await tree();
    expect(await http.rows(url).predict([{ x: 0, y: 0 }, { x: 1, y: 20 }, [1, null]])).toEqual([1.25, 2.5, 2.25]);
    expect(await http.rows<object, number>(url, { single: true }).predict([{ x: null, y: 1 }])).toEqual([2.25]);
  });

  it('columns', async () => {
    const { url } = await tree();
    expect(
      await http.columns(url).predict([
        { x: 0, y: 0 },
        { x: 1, y: 20 },
      ]),
    ).toEqual([1.25, 2.5]);
  });

  it('Open Inference Protocol, as one tensor and as columns, with health', async () => {
    const { origin } = await tree({ name: 'two trees' });
    const tensor = http.openInference(origin, { model: 'two trees', tensor: { name: 'input', datatype: 'FP32' } });
    await tensor.health?.();
    expect(
      await tensor.predict([
        [0, 0],
        [1, 20],
      ]),
    ).toEqual([1.25, 2.5]);
    const columns = http.openInference(origin, { model: 'two trees', columns: { x: 'FP32', y: 'FP32' }, output: 'predict' });
    expect(
      await columns.predict([
        { x: 0, y: 0 },
        { x: null, y: 20 },
      ]),
    ).toEqual([1.25, 2.5]);
    await expect(http.openInference(origin, { model: 'other', columns: { x: 'FP32' } }).health?.()).rejects.toMatchObject({ status: 404 });
  });

  it('and a bad row among good ones is named, so that it alone is asked again', async () => {
    const { url } = await tree();
    const bad = http.rows(url).predict([{ x: 0, y: 0 }, { x: 'a', y: 0 }, { x: 0, y: 0 }, { y: 0 }]);
    await expect(bad).rejects.toMatchObject({
      code: 'REFUSED',
      rows: [1, 3],
      message: expect.stringContaining('body.1.x: feature "x" must be a number'),
    });
  });
});

describe('what is refused names row and field', () => {
  it.each([
    [
      [
        { x: 0, y: 0 },
        { x: 0, y: 'b' },
      ],
      [['body', 1, 'y']],
    ],
    [{ x: true }, [['body', 'y']]],
    [{ x: [0, 1], y: [0, 'b'] }, [['body', 'y', 1]]],
    [{ x: [0, 1], y: [0] }, [['body', 'y']]],
    [[{ x: 0, y: 0, z: 1 }], [['body', 0, 'z']]],
    [[[0, 1, 2]], [['body', 0]]],
    [[7], [['body', 0]]],
    ['7', [['body']]],
    ['{', [['body']]],
  ])('%j', async (body, places) => {
    const { url } = await tree();
    const answer = await ask(url, body);
    expect(answer.status).toBe(422);
    expect(answer.body.detail.map(({ loc }: { loc: unknown }) => loc)).toEqual(places);
    expect(answer.body.detail[0]).toMatchObject({ msg: expect.any(String), type: expect.any(String) });
  });

  it.each([
    [{}, 400, 'must have "inputs"'],
    [{ inputs: [{ name: 'x', shape: [1, 1], datatype: 'FP32', data: [0] }] }, 422, 'row 0, field "y": the row lacks "y"'],
    [{ inputs: [{ name: 'i', shape: [2, 2], datatype: 'FP32', data: [0] }] }, 400, '1 values for the shape [2,2]'],
    [{ inputs: [{ name: 'i', shape: [1, 3], datatype: 'FP32', data: [0, 1, 2] }] }, 422, 'row 0: a row must have 2 features, got 3'],
    [
      {
        inputs: [
          { name: 'x', shape: [1], datatype: 'FP32', data: [0] },
          { name: 'y', shape: [2], datatype: 'FP32', data: [0, 1] },
        ],
      },
      422,
      '"y" has 2 rows',
    ],
    [{ inputs: [{ name: 'i', shape: [1, 2], datatype: 'FP32', data: [0, 1] }], outputs: [{ name: 'z' }] }, 400, 'no output "z"'],
  ])('by the Open Inference Protocol: %j', async (body, status, message) => {
    const { origin } = await tree();
    const answer = await ask(`${origin}/v2/models/model/infer`, body);
    expect(answer).toMatchObject({ status, body: { error: expect.stringContaining(message) } });
  });

  it('by a schema, before the model sees it', async () => {
    const schema = z.object({ x: z.number(), y: z.number().min(0) });
    const { url } = await served({ model: xgboost<{ x: number; y: number }>(FILE), schema });
    expect((await ask(url, [{ x: 0, y: -1 }, { x: 0, y: 0 }, { y: 0 }])).body.detail).toMatchObject([
      { loc: ['body', 0, 'y'] },
      { loc: ['body', 2, 'x'] },
    ]);
    expect((await ask(url, { x: 0, y: 0, more: 1 })).body).toBe(1.25);
  });

  it('by the model: an answer that is no number, and a refusal as a whole', async () => {
    const model: Model<{ x: number }, number> = {
      name: 'm',
      predict: async ([row]) => {
        if (row?.x === 0) throw new ModelError('REFUSED', 'not today');
        throw new RowErrors([{ answer: 1 }, { error: new ModelError('ANSWER', 'it answers NaN') }]);
      },
    };
    const { url } = await served({ model });
    expect(await ask(url, [{ x: 0 }])).toMatchObject({ status: 422, body: { detail: 'not today' } });
    expect(await ask(url, [{ x: 1 }, { x: 2 }])).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ['body', 1], msg: 'it answers NaN' }] },
    });
  });
});

describe('protocols', () => {
  it('that are not served are not there', async () => {
    const columnar = await tree({ protocols: ['columnar'] });
    expect(await ask(columnar.url, [{ x: 0, y: 0 }])).toMatchObject({ status: 422 });
    expect(await ask(columnar.url, { x: [0], y: [0] })).toMatchObject({ status: 200, body: [1.25] });
    expect(await ask(`${columnar.origin}/v2`, undefined, 'GET')).toMatchObject({ status: 404 });
    const oip = await tree({ protocols: ['oip'] });
    expect(await ask(oip.url, {})).toMatchObject({ status: 404 });
    expect(await ask(`${oip.origin}/v2`, undefined, 'GET')).toMatchObject({ status: 200, body: { version: '2' } });
  });

  it('tell the inputs that they take: one for a model without names, whatever its width', async () => {
    const nameless = bytesOf(smallModel({ trees: [{ feature: 0, below: 0.5, left: 1, right: 2 }], features: 1 }));
    const { origin } = await served({ model: xgboost(nameless), shape: () => ({ features: 1, columns: new Map() }) });
    const { inputs } = (await ask(`${origin}/v2/models/model`, undefined, 'GET')).body;
    expect(inputs).toEqual([{ name: 'input', datatype: 'FP32', shape: [-1, 1] }]);
    const answer = await ask(`${origin}/v2/models/model/infer`, { inputs: [{ ...inputs[0], shape: [2, 1], data: [0, 1] }] });
    expect(answer.body.outputs[0].data).toEqual([1, 2]);
  });

  it('answer an empty batch with an empty list', async () => {
    expect(await ask((await tree()).url, [])).toMatchObject({ status: 200, body: [] });
  });
});

describe('limits', () => {
  it('of body and rows: 413', async () => {
    const { url } = await tree({ limits: { bodyBytes: 100, rows: 2 } });
    expect(
      await ask(url, [
        [0, 1],
        [0, 1],
        [0, 1],
      ]),
    ).toMatchObject({ status: 413, body: { detail: 'a request may have 2 rows, got 3' } });
    expect(await ask(url, [{ x: 0, y: 0, long: 'x'.repeat(100) }])).toMatchObject({ status: 413 });
  });

  it('of requests under way: 429 with Retry-After, and then it goes on', async () => {
    const { model, open, asked } = gated();
    const { url } = await served({ model, limits: { concurrency: 1, queue: 0 } });
    const first = ask(url, [{}]);
    await asked(1);
    const second = await ask(url, [{}]);
    expect(second.status).toBe(429);
    expect(second.headers.get('retry-after')).toBe('1');
    open();
    expect((await first).body).toEqual([1]);
  });

  it('of time: 503 with Retry-After, and the model is told to stop', async () => {
    const { model } = gated();
    const { url } = await served({ model, limits: { timeoutMs: 20 } });
    const late = await ask(url, [{}]);
    expect([late.status, late.headers.get('retry-after')]).toEqual([503, '1']);
  });

  it('that cannot be are refused, all together', async () => {
    const wrong = { limits: { rows: 0, queue: -1 }, port: 70_000, protocols: ['soap' as never], faults: { errors: 2, storm: 1 } as never };
    await expect(serveModel({ model: xgboost(FILE), ...wrong })).rejects.toMatchObject({
      code: 'CONFIG',
      problems: [
        expect.stringContaining('limits.rows'),
        expect.stringContaining('limits.queue'),
        expect.stringContaining('port'),
        expect.stringContaining('"soap"'),
        expect.stringContaining('faults.errors: expected a number from 0 to 1'),
        expect.stringContaining('unknown option "faults.storm"'),
      ],
    });
  });
});

describe('health', () => {
  it('is that of the model, and the numbers are told', async () => {
    let isDown = false;
    const model = { ...xgboost(FILE), health: async () => (isDown ? Promise.reject(new Error('no')) : undefined) };
    const { origin, url } = await served({ model });
    expect((await ask(`${origin}/readyz`, undefined, 'GET')).status).toBe(200);
    isDown = true;
    for (const path of ['/health', '/readyz', '/v2/health/ready', '/v2/models/model/ready'])
      expect((await ask(`${origin}${path}`, undefined, 'GET')).status, path).toBe(503);
    for (const path of ['/livez', '/v2/health/live']) expect((await ask(`${origin}${path}`, undefined, 'GET')).status, path).toBe(200);
    await ask(url, [
      [0, 1],
      [0, 2],
    ]);
    await ask(url, [[0]]);
    const metrics = await (await fetch(`${origin}/metrics`)).text();
    for (const line of [
      'streamer_model_requests_total{protocol="predict",status="200"} 1',
      'streamer_model_requests_total{protocol="predict",status="422"} 1',
      'streamer_model_rows_total 2',
      'streamer_model_refused_rows_total 1',
      'streamer_model_request_seconds_count 2',
      'streamer_model_ready 0',
    ])
      expect(metrics).toContain(`${line}\n`);
  });

  it('a model that cannot be reached: 503', async () => {
    const model = { name: 'm', predict: async () => Promise.reject(new ModelError('UNAVAILABLE', 'gone')) };
    expect(await ask((await served({ model })).url, [{}])).toMatchObject({ status: 503, body: { detail: 'gone' } });
  });

  it('an error that nobody expects: 500', async () => {
    const model = { name: 'm', predict: async () => Promise.reject(new TypeError('oops')) };
    expect(await ask((await served({ model })).url, [{}])).toMatchObject({ status: 500, body: { detail: 'oops' } });
  });
});

describe('faults', () => {
  it('delay, fail and refuse, and are switched while it runs', async () => {
    const { url, origin } = await tree({ faults: { errors: 1, status: 500, retryAfter: 3 } });
    const failed = await ask(url, [[0, 1]]);
    expect([failed.status, failed.headers.get('retry-after')]).toEqual([500, '3']);
    expect((await ask(`${origin}/faults`, { refuse: { y: 99 } }, 'PUT')).status).toBe(200);
    expect(
      await ask(url, [
        { x: 0, y: 1 },
        { x: 0, y: 99 },
      ]),
    ).toMatchObject({ status: 422, body: { detail: [{ loc: ['body', 1, 'y'] }] } });
    await ask(`${origin}/faults`, { latency: 60 }, 'PUT');
    const startedAt = performance.now();
    expect((await ask(url, [[0, 1]])).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(50);
    expect(await ask(`${origin}/faults`, { storm: 1 }, 'PUT')).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('unknown option "storm"') },
    });
    expect((await ask(`${origin}/faults`, undefined, 'GET')).body).toEqual({ latency: 60 });
  });

  it('refuse a share of the rows, always the same', async () => {
    const { url } = await tree({ faults: { refused: 0.3 } });
    const rows = Array.from({ length: 400 }, (_, at) => [at, 0]);
    const bad = async () => (await ask(url, rows)).body.detail.map(({ loc }: { loc: unknown[] }) => loc[1]) as number[];
    const first = await bad();
    expect(first.length).toBeGreaterThan(60);
    expect(first.length).toBeLessThan(180);
    expect(await bad()).toEqual(first);
  });

  it('hang until the client goes, or the switch is off', async () => {
    const { url } = await tree({ faults: { hang: true } });
    await expect(http.rows(url, { timeoutMs: 50 }).predict([[0, 1]])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('cannot be switched on in a server that was started without', async () => {
    const { origin } = await tree();
    expect((await ask(`${origin}/faults`, { hang: true }, 'PUT')).status).toBe(404);
  });
});

describe('closing', () => {
  it('answers what is under way, takes nothing new, and ends', async () => {
    const { model, open, asked } = gated();
    const server = await serveModel({ model, port: 0, drainMs: 10_000 });
    const under = ask(server.url, [{}]);
    await asked(1);
    const closed = server.close();
    await expect(fetch(server.url)).rejects.toThrow();
    open();
    expect((await under).body).toEqual([1]);
    await closed;
  });

  it('does not wait longer than it was told', async () => {
    const { model, asked } = gated();
    const server = await serveModel({ model, port: 0, drainMs: 0 });
    const under = ask(server.url, [{}]).then(
      () => 'answered',
      () => 'cut',
    );
    await asked(1);
    await server.close();
    expect(await under).toBe('cut');
  });
});
