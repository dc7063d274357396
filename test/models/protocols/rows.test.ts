import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { http, type Model, type ModelError, RowErrors } from '../../../src/models/index.ts';
import { isUnavailable } from '../../../src/outage.ts';
import { answer, each, hangUp, type StagedServer, silence, stagedServer } from '../support/staged-server.ts';

interface Row {
  readonly n: number;
}

let server: StagedServer;
let model: Model<Row, Record<string, unknown>>;

beforeEach(async () => {
  server = await stagedServer(each((row: Row) => ({ twice: row.n * 2 })));
  model = http.rows(server.url);
});

afterEach(async () => {
  await model.close?.();
  await server.close();
});

const ask = (...numbers: number[]) => model.predict(numbers.map((n) => ({ n })));

async function refusal(promise: Promise<unknown>): Promise<ModelError> {
  return promise.then(
    (value) => Promise.reject(new Error(`expected an error, got ${JSON.stringify(value)}`)),
    (error: ModelError) => error,
  );
}

describe('http.rows', () => {
  it('posts the rows as a JSON list and gives one answer per row, by position', async () => {
    expect(await ask(1, 2, 3)).toEqual([{ twice: 2 }, { twice: 4 }, { twice: 6 }]);
    expect(server.asked).toHaveLength(1);
    expect(server.asked[0]).toMatchObject({ method: 'POST', url: '/predict', body: [{ n: 1 }, { n: 2 }, { n: 3 }] });
    expect(server.asked[0]?.headers['content-type']).toBe('application/json');
  });

  it('asks nothing for no rows', async () => {
    expect(await model.predict([])).toEqual([]);
    expect(server.asked).toHaveLength(0);
  });

  it('sends the headers given, and keeps the query of the address', async () => {
    const other = http.rows<Row>(`${server.url}?version=2`, { headers: { authorization: 'Bearer abc' } });
    await other.predict([{ n: 1 }]);
    await other.close?.();
    expect(server.asked[0]).toMatchObject({ url: '/predict?version=2', headers: { authorization: 'Bearer abc' } });
  });

  it('with single, posts one object and takes one object, one row per call', async () => {
    const single = http.rows<Row>(server.url, { single: true });
    expect(single.maxRows).toBe(1);
    server.next((asked, response) => answer({ got: asked.body })(asked, response));
    expect(await single.predict([{ n: 7 }])).toEqual([{ got: { n: 7 } }]);
    await expect(single.predict([{ n: 1 }, { n: 2 }])).rejects.toMatchObject({ code: 'USAGE' });
    await single.close?.();
  });

  it('checks every answer against a schema, and gives it the schema`s type', async () => {
    const typed = http.rows(server.url, { schema: z.object({ twice: z.number() }) });
    expectTypeOf(typed.predict).returns.resolves.toEqualTypeOf<{ twice: number }[]>();
    server.next(answer([{ twice: 2 }, { twice: null }]));
    const error = await refusal(typed.predict([{ n: 1 }, { n: 2 }]));
    expect(error.code).toBe('ANSWER');
    expect(error.message).toMatch(/row 1.*twice/);
    await typed.close?.();
  });

  it('asks the health path that is named, and has none to ask otherwise', async () => {
    expect(model.health).toBeUndefined();
    const other = http.rows(server.url, { healthPath: '/health' });
    server.next(answer(''), answer('starting', 503));
    await other.health?.();
    expect(server.asked[0]).toMatchObject({ method: 'GET', url: '/health' });
    await expect(other.health?.()).rejects.toMatchObject({ code: 'UNAVAILABLE', status: 503 });
    await other.close?.();
  });

  it('may be asked again after close', async () => {
    await ask(1);
    await model.close?.();
    expect(await ask(2)).toEqual([{ twice: 4 }]);
  });
});

describe('answers that do not fit', () => {
  it.each([
    ['too few', answer([{ a: 1 }]), /asked 2 rows and answered 1/],
    ['too many', answer([1, 2, 3]), /asked 2 rows and answered 3/],
    ['no list', answer({ prediction: ['No'] }), /must answer a list of 2/],
    ['no JSON', answer('<html>'), /not JSON/],
    ['nothing', answer(''), /answered nothing/],
  ])('%s', async (_name, stage, message) => {
    server.next(stage);
    const error = await refusal(ask(1, 2));
    expect(error).toMatchObject({ code: 'ANSWER', retryable: true });
    expect(error.message).toMatch(message);
  });

  it.each([
    ['bare NaN', '[NaN, {"twice": 4}]', 0, /NaN.* for row 0: it is not a finite number/],
    ['bare Infinity', '[{"twice": 4}, {"twice": -Infinity}]', 1, /row 1: twice is not a finite number/],
    ['a number beyond what a double holds', '[{"twice": 4}, [1, 1e999]]', 1, /row 1: \[1\] is not a finite number/],
    ['null', '[{"twice": 4}, null]', 1, /null for row 1/],
  ])('%s for a row is that row`s error alone, and final', async (_name, text, at, message) => {
    server.next(answer(text));
    const error = await refusal(ask(1, 2));
    expect(error).toBeInstanceOf(RowErrors);
    expect(error).toMatchObject({ code: 'ANSWER', retryable: false, rows: [at] });
    const { outcomes } = error as RowErrors;
    expect(outcomes[1 - at]).toEqual({ answer: { twice: 4 } });
    expect((outcomes[at] as { error: Error }).error.message).toMatch(message);
  });

  it('more bytes than allowed', async () => {
    const small = http.rows<Row>(server.url, { maxAnswerBytes: 1_000 });
    server.next(answer([{ text: 'x'.repeat(5_000) }]));
    const error = await refusal(small.predict([{ n: 1 }]));
    expect(error.code).toBe('ANSWER');
    expect(error.message).toMatch(/more than 1000 bytes/);
    await small.close?.();
  });
});

describe('statuses', () => {
  it.each([400, 413, 415, 422])('%i is refused for good, with the server`s words', async (status) => {
    server.next(answer({ detail: [{ loc: ['body', 'age'], msg: 'must be a number' }] }, status));
    const error = await refusal(ask(1));
    expect(error).toMatchObject({ code: 'REFUSED', retryable: false, status });
    expect(error.message).toContain('must be a number');
    expect(isUnavailable(error)).toBe(false);
  });

  it('500 is refused, but may be asked again', async () => {
    server.next(answer('Traceback\n  boom', 500));
    const error = await refusal(ask(1));
    expect(error).toMatchObject({ code: 'REFUSED', retryable: true, status: 500 });
    expect(error.message).toContain('Traceback boom');
    expect(isUnavailable(error)).toBe(false);
  });

  it.each([429, 502, 503, 504])('%i is waited for', async (status) => {
    server.next(answer('later', status, { 'retry-after': '3' }));
    const error = await refusal(ask(1));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true, status, retryAfterMs: 3_000 });
    expect(isUnavailable(error)).toBe(true);
  });

  it('a redirect is not followed', async () => {
    server.next(answer('', 307, { location: '/predict/' }));
    const error = await refusal(ask(1));
    expect(error.message).toMatch(/redirect to \/predict\//);
    expect(server.asked).toHaveLength(1);
  });

  it('404 says that the address is wrong rather than blaming the row', async () => {
    server.next(answer('no such page', 404));
    const error = await refusal(ask(1));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', status: 404 });
    expect(error.next).toMatch(/address/);
  });

  it('long details are cut', async () => {
    server.next(answer('x'.repeat(100_000), 422));
    expect((await refusal(ask(1))).message.length).toBeLessThan(700);
  });
});

describe('a server that cannot be reached', () => {
  it('refused connection', async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const other = http.rows<Row>(`http://127.0.0.1:${port}/predict`);
    const error = await refusal(other.predict([{ n: 1 }]));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect(error.message).toContain(`127.0.0.1:${port}`);
    expect(error.next).toMatch(/Start the model server/);
    await other.close?.();
  });

  it('no answer in time', async () => {
    server.next(silence);
    const started = performance.now();
    const error = await refusal(model.predict([{ n: 1 }], { timeoutMs: 120 }));
    expect(error).toMatchObject({ code: 'UNAVAILABLE' });
    expect(error.message).toMatch(/within 120 ms/);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('a body that stops half-way', async () => {
    server.next((_asked, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('[{"twice"');
    });
    expect(await refusal(model.predict([{ n: 1 }], { timeoutMs: 150 }))).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('a connection that is closed once is tried again at once; twice is unavailable', async () => {
    server.next(hangUp);
    expect(await ask(4)).toEqual([{ twice: 8 }]);
    server.next(hangUp, hangUp);
    expect(await refusal(ask(5))).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('rejects with the reason of the caller`s signal, and frees the socket', async () => {
    const controller = new AbortController();
    let closed: () => void = () => {};
    const socketClosed = new Promise<void>((resolve) => (closed = resolve));
    const reason = new Error('partition lost');
    server.next((_asked, response) => {
      response.on('close', closed);
      controller.abort(reason);
    });
    await expect(model.predict([{ n: 1 }], { signal: controller.signal })).rejects.toBe(reason);
    await socketClosed;
    await expect(model.predict([{ n: 1 }], { signal: controller.signal })).rejects.toBe(reason);
    expect(server.asked).toHaveLength(1);
  });
});

describe('settings', () => {
  it.each(['predict', 'ftp://host/predict', 'http://user:pass@host/predict', ''])('refuses the address %j', (url) => {
    expect(() => http.rows(url)).toThrowError(expect.objectContaining({ code: 'CONFIG' }));
  });

  it('reports all problems together', () => {
    expect(() => http.rows('http://host/', { connections: 0, timeoutMs: -1 })).toThrowError(/2 problems/);
  });

  it('refuses rows without a JSON form', async () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    const other = http.rows(server.url);
    await expect(other.predict([loop])).rejects.toMatchObject({ code: 'REFUSED', retryable: false });
    await other.close?.();
  });
});
