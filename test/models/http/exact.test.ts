import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { http, type Model } from '../../../src/models/index.ts';
import { answer, type StagedServer, stagedServer } from '../support/staged-server.ts';

let server: StagedServer;
beforeEach(async () => {
  server = await stagedServer(answer([1]));
});
afterEach(() => server.close());

const outcome = (model: Model<unknown, unknown>, rows: readonly unknown[]) => model.predict(rows).then(String, (error: unknown) => error);

describe('a value without a JSON form is refused before it is sent, with its place', () => {
  it.each([
    ['NaN', { age: Number.NaN }, 'age is NaN, which JSON cannot hold'],
    ['Infinity', { age: Number.POSITIVE_INFINITY }, 'age is Infinity, which JSON cannot hold'],
    ['-Infinity, nested', { car: { prices: [1, Number.NEGATIVE_INFINITY] } }, 'car.prices[1] is -Infinity, which JSON cannot hold'],
    ['undefined in a list', [1, undefined], '[1] is undefined'],
    ['a function in a list', [() => 1], '[0] is function'],
    ['an invalid date', { at: new Date(Number.NaN) }, 'at is an invalid date'],
    ['a Map', { tags: new Map([['a', 1]]) }, 'tags is a Map without fields'],
    ['a Set', { tags: new Set([1]) }, 'tags is a Set without fields'],
    ['a typed array', { x: new Float32Array([1]) }, 'x is binary data or a typed array'],
    ['a Buffer', { x: Buffer.from('a') }, 'x is binary data or a typed array'],
    ['half a surrogate pair', { name: 'a\ud800' }, 'name has half of a surrogate pair'],
    ['half a surrogate pair in a name', { 'a\udc00': 1 }, 'has half of a surrogate pair in its name'],
    ['a bigint', { id: 1n }, 'BigInt'],
  ])('%s', async (_, row, words) => {
    const error = await outcome(http.rows(server.url), [{ age: 1 }, row]);
    expect(error).toMatchObject({ code: 'REFUSED', retryable: false, message: expect.stringContaining(words) });
    expect(server.asked).toEqual([]);
  });

  it('names the rows at fault in every protocol, so that the others are answered', async () => {
    const rows = [{ x: 1 }, { x: Number.NaN }, { x: 2 }];
    const { url, origin } = server;
    for (const model of [
      http.rows(url),
      http.columns(url),
      http.bentoml(origin),
      http.mlflow(origin),
      http.mlflow(origin, { input: 'inputs' }),
      http.kserveV1(origin, { model: 'm' }),
      http.openInference(origin, { model: 'm', columns: { x: 'FP32' } }),
    ] as Model<unknown, unknown>[])
      expect(await outcome(model, rows)).toMatchObject({ code: 'REFUSED', rows: [1], field: 'x' });
    expect(server.asked).toEqual([]);
  });

  it('is sent as it is where the protocol has a form for it', async () => {
    let body = '';
    const raw = await rawServer((text) => {
      body = text;
      return '{"predictions":[1,NaN]}';
    });
    const model = http.tensorFlowServing<unknown>(raw.origin, { model: 'm' });
    const error = await outcome(model, [
      [Number.NaN, Number.POSITIVE_INFINITY],
      [Number.NEGATIVE_INFINITY, null],
    ]);
    expect(body).toBe('{"instances":[[NaN,Infinity],[-Infinity,null]]}');
    expect(error).toMatchObject({ code: 'ANSWER', message: expect.stringContaining('row 1: it is not a finite number') });
    await raw.close();
  });

  it('null and absent fields stay missing values, and other text is left alone', async () => {
    server.next(answer([1, 2]));
    const rows = [{ x: null, y: undefined, text: 'null {} \\ud800 😀' }, { x: 1 }];
    await http.rows(server.url).predict(rows);
    expect(server.asked[0]?.body).toEqual(JSON.parse(JSON.stringify(rows)));
  });
});

describe('an answer is exact, or that row fails with the place', () => {
  it.each([
    ['9007199254740993', 'it is 9007199254740993, which no number of JavaScript equals'],
    ['-9007199254740993', 'it is -9007199254740993, which'],
    ['{"id": 12345678901234567890}', 'id is 12345678901234567890, which'],
    ['{"ids": [1, 9007199254740993]}', 'ids[1] is 9007199254740993, which'],
    ['1e400', 'it is not a finite number'],
    ['"a\\ud800"', 'it has half of a surrogate pair'],
    ['{"label": "\\udc00"}', 'label has half of a surrogate pair'],
  ])('%s', async (text, words) => {
    server.next(answer(`[7, ${text}]`));
    expect(await outcome(http.rows(server.url), [1, 2])).toMatchObject({
      code: 'ANSWER',
      outcomes: [{ answer: 7 }, { error: { message: expect.stringContaining(words) } }],
    });
  });

  it.each([
    ['9007199254740992', 9007199254740992],
    ['100000000000000000000', 1e20],
    ['0.12345678901234568', 0.12345678901234568],
    ['"9007199254740993, \\"9007199254740993\\""', '9007199254740993, "9007199254740993"'],
    ['{"9007199254740993": 1}', { '9007199254740993': 1 }],
    ['"\\ud83d\\ude00"', '😀'],
  ])('%s is one', async (text, value) => {
    server.next(answer(`[${text}]`));
    expect(await http.rows<unknown, unknown>(server.url).predict([1])).toEqual([value]);
  });

  it('bytes that are not UTF-8 are refused with their place, also when compressed; those of an error are shown', async () => {
    const bytes = Buffer.concat([Buffer.from('["é'), Buffer.from([0xe9]), Buffer.from('"]')]);
    server.next(
      (_, response) => response.end(bytes),
      (_, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        response.end(gzipSync(bytes));
      },
      (_, response) => {
        response.writeHead(422);
        response.end(bytes);
      },
    );
    const model = http.rows<unknown, unknown>(server.url);
    for (const _ of ['plain', 'gzip'])
      expect(await outcome(model, [1])).toMatchObject({ code: 'ANSWER', message: expect.stringContaining('is not UTF-8 at byte 4') });
    expect(await outcome(model, [1])).toMatchObject({ code: 'REFUSED', status: 422 });
  });

  it('a nesting without end is refused, and does not exhaust the stack', async () => {
    server.next(answer(`${'['.repeat(20_000)}1${']'.repeat(20_000)}`));
    expect(await outcome(http.rows(server.url), [1])).toMatchObject({ code: 'ANSWER' });
  });
});

describe('limits', () => {
  it('of an answer, packed and unpacked', async () => {
    const bomb = gzipSync(JSON.stringify(['x'.repeat(500_000)]));
    expect(bomb.length).toBeLessThan(1_000);
    const model = http.rows(server.url, { maxAnswerBytes: 1_000 });
    server.next(answer(JSON.stringify(['x'.repeat(2_000)])), (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(bomb);
    });
    for (const _ of ['plain', 'gzip'])
      expect(await outcome(model, [1])).toMatchObject({ code: 'ANSWER', message: expect.stringContaining('more than 1000 bytes') });
  });

  it.each([Number.POSITIVE_INFINITY, 3e9, 0, Number.NaN])('a time-out of %d ms, which no timer can run, is refused', (timeoutMs) => {
    expect(() => http.rows(server.url, { timeoutMs })).toThrow('timeoutMs: expected milliseconds from 1 to 2147483647');
  });
});

/** A server that sees the text of a request. */
async function rawServer(respond: (text: string) => string) {
  const { createServer } = await import('node:http');
  const raw = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    response.end(respond(Buffer.concat(chunks).toString()));
  });
  await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
  const address = raw.address();
  return {
    origin: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    close: () => new Promise((resolve) => raw.close(resolve)),
  };
}
