import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { http } from '../../../src/models/index.ts';
import { answer, each, stagedServer } from '../support/staged-server.ts';

/** Self-signed, for the name model.test, made for this test alone. */
const tls = (name: string) => readFileSync(new URL(`tls/${name}.pem`, import.meta.url));
const cleanups: Array<() => unknown> = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function secureServer(): Promise<string> {
  const server: Server = createServer({ key: tls('key'), cert: tls('cert') }, (request, response) => {
    request.resume().on('end', () => response.end('[42]'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/predict`;
}

function open(url: string, options: Parameters<typeof http.rows>[1]) {
  const model = http.rows<unknown, unknown>(url, options);
  cleanups.push(() => model.close?.());
  return model;
}

describe('https', () => {
  it('trusts the authority given, and checks the name', async () => {
    const url = await secureServer();
    expect(await open(url, { tls: { ca: tls('cert'), servername: 'model.test' } }).predict([1])).toEqual([42]);
    const wrongName = open(url, { tls: { ca: tls('cert'), servername: 'other.test' } }).predict([1]);
    await expect(wrongName).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringMatching(/other\.test/) });
    await expect(open(url, {}).predict([1])).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/self-signed/),
      next: expect.stringMatching(/tls: { ca/),
    });
  });

  it('has no tls for http', () => {
    expect(() => open('http://127.0.0.1/', { tls: { rejectUnauthorized: false } })).toThrow(/must begin with https/);
  });
});

it('has no options but its own', () => {
  const options = { timeout: 3, single: true, healthPath: '/' };
  expect(() => open('http://127.0.0.1/', options as object)).toThrow('a model behind HTTP: unknown option "timeout"');
});

describe('requests', () => {
  it('asks for the headers before every call, when they are a function', async () => {
    const server = await stagedServer(each(() => 1));
    cleanups.push(() => server.close());
    let token = 0;
    const model = open(server.url, { headers: async () => ({ authorization: `Bearer ${++token}` }) });
    await model.predict([1]);
    await model.predict([1]);
    expect(server.asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer 1', 'Bearer 2']);
  });

  it('waits for headers that fail, and says so', async () => {
    const headers = () => Promise.reject(new Error('no token today'));
    const message = 'the headers for the model at http://127.0.0.1:1/ failed: no token today';
    await expect(open('http://127.0.0.1:1/', { headers }).predict([1])).rejects.toMatchObject({ code: 'UNAVAILABLE', message });
  });

  it('sends the given header in the place of its own, however it is written', async () => {
    const server = await stagedServer((asked, response) => answer([response.req.headersDistinct['content-type']])(asked, response));
    cleanups.push(() => server.close());
    expect(await open(server.url, { headers: { 'Content-Type': 'application/x-own' } }).predict([1])).toEqual([['application/x-own']]);
  });

  it('reuses its connections, and has no more than it may', async () => {
    const ports = new Set<number | undefined>();
    const server = await stagedServer((asked, response) => {
      ports.add(response.socket?.remotePort);
      setTimeout(() => each(() => 1)(asked, response), 5);
    });
    cleanups.push(() => server.close());
    const model = open(server.url, { connections: 2 });
    await Promise.all(Array.from({ length: 12 }, () => model.predict([1])));
    expect(ports.size).toBe(2);
  });

  it('refuses to send more bytes than it may, in UTF-8', async () => {
    const server = await stagedServer(each(() => 1));
    cleanups.push(() => server.close());
    const model = open(server.url, { maxRequestBytes: 30 });
    await model.predict(['\u20ac'.repeat(8)]);
    await expect(model.predict(['\u20ac'.repeat(9)])).rejects.toMatchObject({
      code: 'REFUSED',
      retryable: false,
      message: expect.stringMatching(/more than 30 bytes/),
    });
    expect(server.asked).toHaveLength(1);
  });
});

describe('answers that are compressed unasked', () => {
  const codings = { gzip: gzipSync, 'x-gzip': gzipSync, deflate: deflateSync, br: brotliCompressSync };
  const packed = async (coding: string, body: Uint8Array, options = {}) => {
    const server = await stagedServer((_asked, response) => response.writeHead(200, { 'content-encoding': coding }).end(body));
    cleanups.push(() => server.close());
    return open(server.url, options).predict([1]);
  };

  it.each(Object.entries(codings))('are unpacked: %s', async (coding, pack) => {
    expect(await packed(coding, pack('[42]'))).toEqual([42]);
  });

  it('are refused where that cannot be, or would be too much', async () => {
    await expect(packed('zstd', Buffer.from('x'))).rejects.toMatchObject({ code: 'ANSWER', message: expect.stringMatching(/"zstd"/) });
    await expect(packed('gzip', Buffer.from('[42]'))).rejects.toMatchObject({ code: 'ANSWER', message: expect.stringMatching(/not gzip/) });
    const bomb = gzipSync(Buffer.alloc(100_000, 32));
    await expect(packed('gzip', bomb, { maxAnswerBytes: 9_000 })).rejects.toThrow('answered more than 9000 bytes');
  });
});
