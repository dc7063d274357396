import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { features, linear, type Model, numeric, oneHot, xgboost } from '../../src/models/index.ts';
import { type ServeOptions, serveModel } from '../../src/web/index.ts';
import { bytesOf, smallModel } from '../models/support/small-model.ts';

const FILE = bytesOf(smallModel({ trees: [{ feature: 0, below: 0.5, left: 1, right: 2 }], names: ['x', 'y'], types: ['float', 'i'] }));

async function served<Row, Answer>(options: ServeOptions<Row, Answer>) {
  const server = await serveModel({ port: 0, drainMs: 100, ...options });
  onTestFinished(() => server.close());
  return server;
}

async function ask(url: string, body: string | Uint8Array<ArrayBuffer>) {
  const response = await fetch(url, { method: 'POST', body });
  const text = await response.text();
  return { status: response.status, body: JSON.parse(text) };
}

const same: Model<unknown, unknown> = { name: 'same', predict: async (rows) => [...rows] };

describe('a value of a request is exact, or refused with its place', () => {
  it.each([
    ['{"x":true,"y":0}', ['body', 'x'], 'feature "x" must be a number, got true'],
    ['[{"x":0,"y":0},{"x":false,"y":0}]', ['body', 1, 'x'], 'must be a number, got false'],
    ['{"x":[1,true],"y":[0,0]}', ['body', 'x', 1], 'must be a number, got true'],
    ['[[0,0],[true,0]]', ['body', 1, 'x'], 'must be a number, got true'],
    ['[{"x":9007199254740993,"y":0}]', ['body', 0, 'x'], 'is 9007199254740993, which no number'],
    ['[{"x":"\\ud800","y":0}]', ['body', 0, 'x'], 'half of a surrogate pair'],
    ['[{"x":Infinity,"y":0}]', ['body', 0, 'x'], 'must be finite'],
    ['[{"x":1e39,"y":0}]', ['body', 0, 'x'], 'must be finite in 32 bits'],
  ])('%s', async (text, place, words) => {
    const { url } = await served({ model: xgboost(FILE) });
    const { status, body } = await ask(url, text);
    expect(status).toBe(422);
    expect(body.detail[0]).toMatchObject({ loc: place, msg: expect.stringContaining(words) });
  });

  it('true for a number is refused by every model that is computed here; where it is a category or a flag it is taken', async () => {
    const declared = features({ x: numeric(), y: oneHot(['false', 'true']) });
    const wide = bytesOf(smallModel({ features: 3, trees: [{ feature: 2, below: 0.5, left: 1, right: 2 }] }));
    const encoded = await served({ model: xgboost(wide, { features: declared }) });
    expect((await ask(encoded.url, '[{"x":true,"y":true}]')).body.detail[0]).toMatchObject({ loc: ['body', 0, 'x'] });
    expect(await ask(encoded.url, '[{"x":1,"y":true}]')).toEqual({ status: 200, body: [2] });
    expect(await ask((await served({ model: xgboost(FILE) })).url, '[{"x":1,"y":true}]')).toEqual({ status: 200, body: [2] });
    const sum = linear(Buffer.from('{"features":["x"],"coefficients":[1],"intercept":0}'), { link: 'identity' });
    const plain = await served({ model: sum });
    expect((await ask(plain.url, '[{"x":true}]')).body.detail[0]).toMatchObject({ loc: ['body', 0, 'x'] });
    const oip = await ask(
      `${plain.origin}/v2/models/model/infer`,
      '{"inputs":[{"name":"x","shape":[1,1],"datatype":"BOOL","data":[true]}]}',
    );
    expect(oip).toMatchObject({ status: 422, body: { error: expect.stringContaining('row 0, field "x"') } });
    // In a program, types say so.
    expect(await sum.predict([{ x: true }])).toEqual([1]);
  });

  it('bytes that are not UTF-8 are refused with their place', async () => {
    const { url } = await served({ model: same });
    const bytes = new Uint8Array([...Buffer.from('[{"é":"'), 0xff, ...Buffer.from('"}]')]);
    expect(await ask(url, bytes)).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ['body'], msg: 'the body is not UTF-8 at byte 8' }] },
    });
    expect(await ask(url, Buffer.concat([Buffer.from('[{"a":1}]'), Buffer.alloc(100_000, 0xc3)]))).toMatchObject({ status: 422 });
  });

  it('an answer without a JSON form is an error, and not null', async () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, new Map([[1, 2]]), 'a\ud800', { p: [Number.NaN] }]) {
      const { url } = await served({ model: { name: 'odd', predict: async () => [value] } });
      expect(await ask(url, '[{}]')).toMatchObject({ status: 500, body: { detail: expect.stringContaining('cannot be written as JSON') } });
    }
  });

  it('names that are properties of Object are names like any other', async () => {
    const { url, origin } = await served({ model: same, name: '__proto__' });
    const text = '[{"__proto__":1,"constructor":2,"toString":3}]';
    const response = await fetch(url, { method: 'POST', body: text });
    expect(await response.text()).toBe(text);
    expect((await fetch(`${origin}/v2/models/__proto__?constructor=1`)).status).toBe(200);
    expect((await fetch(`${origin}/v2/models/constructor`)).status).toBe(404);
    const faulty = await served({ model: same, faults: { refuse: { constructor: 1 } } });
    expect((await ask(faulty.url, '[{}]')).status).toBe(200);
    expect((await ask(faulty.url, '[{"constructor":1}]')).status).toBe(422);
  });
});

describe('memory is bounded over all connections', () => {
  const head = (length: number) => `POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n\r\n`;

  function halfSent(port: number, announced: number, sent: number): Promise<Socket> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(head(announced));
        socket.write(Buffer.alloc(sent, 0x20), () => resolve(socket));
      });
      socket.on('error', () => {});
    });
  }

  it('requests that are sent by halves are refused beyond a total, and the room is free when they end', async () => {
    const { url } = await served({ model: same, limits: { bodyBytes: 400_000, memoryBytes: 1_000_000 } });
    const port = Number(new URL(url).port);
    const sockets = await Promise.all([1, 2, 3].map(() => halfSent(port, 400_000, 300_000)));
    const large = JSON.stringify([{ text: 'x'.repeat(200_000) }]);
    await expect.poll(async () => (await ask(url, large)).status).toBe(429);
    expect((await ask(url, '[{"a":1}]')).status).toBe(200);
    for (const socket of sockets) socket.destroy();
    await expect.poll(async () => (await ask(url, large)).status).toBe(200);
  });

  it('a chunked body is counted as it arrives', async () => {
    const { url } = await served({ model: same, limits: { bodyBytes: 1_000 } });
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new Uint8Array(600).fill(0x20));
      },
    });
    const response = await fetch(url, { method: 'POST', body, duplex: 'half' } as RequestInit).then(
      ({ status }) => status,
      () => 'cut',
    );
    expect([413, 'cut']).toContain(response);
  });

  it('connections beyond the limit are told so', async () => {
    const { url } = await served({ model: same, limits: { connections: 2 } });
    const port = Number(new URL(url).port);
    const idle = await Promise.all([1, 2].map(() => halfSent(port, 10, 0)));
    const third = connect(port, '127.0.0.1');
    let text = '';
    third.on('data', (chunk) => (text += String(chunk)));
    third.write('GET /livez HTTP/1.1\r\nhost: x\r\n\r\n');
    await new Promise((resolve) => third.once('close', resolve));
    expect(text).toMatch(/^HTTP\/1\.1 503 .*\r\nretry-after: 1\r\n/s);
    for (const socket of idle) socket.destroy();
    await expect
      .poll(() =>
        ask(url, '[{"a":1}]').then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  });

  it('a limit of all that is below the limit of one is refused', async () => {
    await expect(serveModel({ model: same, limits: { bodyBytes: 100, memoryBytes: 50 } })).rejects.toThrow(
      'limits.memoryBytes: expected at least',
    );
  });
});
