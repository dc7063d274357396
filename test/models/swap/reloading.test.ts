import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { versionOf } from '../../../src/models/file/index.ts';
import { type FeatureRow, type Model, type ReloadOptions, reloading, xgboost } from '../../../src/models/index.ts';
import { bytesOf, smallModel } from '../support/small-model.ts';

/** A model that answers `value` to every row. */
const file = (value: number): Uint8Array => bytesOf(smallModel({ trees: [value], features: 1 }));

async function inFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'streamer-swap-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'model.json');
}

function watched(source: string | URL, options: ReloadOptions = { pollMs: 0 }) {
  const model = reloading<FeatureRow, number>(source, (bytes) => xgboost(bytes), options);
  onTestFinished(() => model.close?.());
  const ask = async () => {
    let version: string | undefined;
    const [answer] = await model.predict([[0]], { onVersion: (told) => (version = told) });
    return { answer, version };
  };
  return { model, ask };
}

describe('a model from a file', () => {
  it('is replaced when its content changes, and says which version answers', async () => {
    const path = await inFolder();
    await writeFile(path, file(1));
    const { model, ask } = watched(path);
    expect(await ask()).toEqual({ answer: 1, version: versionOf(file(1)) });
    expect(await model.reload()).toBe(false);
    await writeFile(path, file(2));
    expect(await model.reload()).toBe(true);
    expect(await ask()).toEqual({ answer: 2, version: versionOf(file(2)) });
    // Written anew with the same content: nothing changes.
    await writeFile(path, file(2));
    expect(await model.reload()).toBe(false);
    expect(model.version).toBe(versionOf(file(2)));
  });

  it('stays what it was while the new content cannot be used, and is replaced once it can', async () => {
    const path = await inFolder();
    await writeFile(path, file(1));
    const { model, ask } = watched(path);
    await model.start?.();
    const whole = file(2);
    for (const content of [whole.subarray(0, whole.length / 2), Buffer.from(''), bytesOf(smallModel({ objective: 'reg:own' }))]) {
      await writeFile(path, content);
      await expect(model.reload()).rejects.toMatchObject({ code: 'CONFIG' });
      expect((await ask()).answer).toBe(1);
    }
    await rm(path);
    await expect(model.reload()).rejects.toThrow('ENOENT');
    expect((await ask()).answer).toBe(1);
    await writeFile(path, whole);
    expect(await model.reload()).toBe(true);
    expect((await ask()).answer).toBe(2);
  });

  it('is looked at by itself; a failure is told once', async () => {
    const path = await inFolder();
    await writeFile(path, file(1));
    const failures: string[] = [];
    let told: () => void = () => {};
    let swapped: (versions: string[]) => void = () => {};
    const failure = new Promise<void>((resolve) => (told = resolve));
    const swap = new Promise<string[]>((resolve) => (swapped = resolve));
    const { ask } = watched(new URL(`file://${path}`), {
      pollMs: 5,
      onSwap: (version, before) => swapped([version, before]),
      onFailure: (error) => {
        failures.push(error.message);
        told();
      },
    });
    expect((await ask()).answer).toBe(1);
    await writeFile(path, '{"learner":');
    await failure;
    await writeFile(`${path}.new`, file(2));
    await rename(`${path}.new`, path);
    expect(await swap).toEqual([versionOf(file(2)), versionOf(file(1))]);
    expect((await ask()).answer).toBe(2);
    for (const [at, message] of failures.entries()) expect(message).not.toBe(failures[at - 1]);
  });

  it('fails at the start when there is nothing to begin with', async () => {
    const path = await inFolder();
    await expect(watched(path).model.start?.()).rejects.toMatchObject({ code: 'CONFIG', message: expect.stringContaining('ENOENT') });
    await writeFile(path, 'tree\n');
    await expect(watched(path).model.start?.()).rejects.toThrow("LightGBM's text format");
  });

  it('can be closed and used again, by then with what lies there', async () => {
    const path = await inFolder();
    await writeFile(path, file(1));
    const { model, ask } = watched(path);
    await ask();
    await model.close?.();
    await writeFile(path, file(2));
    expect((await ask()).answer).toBe(2);
  });
});

describe('a call', () => {
  it('is answered by the version it began with, which is closed when its last call is over', async () => {
    const path = await inFolder();
    await writeFile(path, 'a');
    const events: string[] = [];
    const opens: Array<() => void> = [];
    const open = (bytes: Uint8Array): Model<string, string> => {
      const name = Buffer.from(bytes).toString();
      return {
        name,
        predict: (rows) => new Promise((resolve) => opens.push(() => resolve(rows.map((row) => `${name}${row}`)))),
        close: async () => void events.push(`closed ${name}`),
      };
    };
    const model = reloading(path, open, { pollMs: 0 });
    await model.start?.();
    const first = model.predict(['1', '2']);
    const second = model.predict(['3']);
    await writeFile(path, 'b');
    await model.reload();
    const third = model.predict(['4', '5']);
    await new Promise(setImmediate);
    expect(events).toEqual([]);
    opens[0]?.();
    expect(await first).toEqual(['a1', 'a2']);
    expect(events).toEqual([]);
    opens[1]?.();
    opens[2]?.();
    expect(await second).toEqual(['a3']);
    expect(await third).toEqual(['b4', 'b5']);
    expect(events).toEqual(['closed a']);
    await model.close?.();
    expect(events).toEqual(['closed a', 'closed b']);
  });
});

describe('a model from a URL', () => {
  async function at(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.json`;
  }

  it('is asked with its ETag, and replaced when there is another', async () => {
    let content = file(1);
    const asked: unknown[] = [];
    const url = await at((request, response) => {
      const etag = `"${versionOf(content)}"`;
      asked.push([request.headers['if-none-match'], request.headers['authorization']]);
      if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
      else response.writeHead(200, { etag }).end(content);
    });
    const { model, ask } = watched(url, { pollMs: 0, headers: { authorization: 'Bearer x' } });
    expect((await ask()).answer).toBe(1);
    expect(await model.reload()).toBe(false);
    content = file(2);
    expect(await model.reload()).toBe(true);
    expect(await ask()).toEqual({ answer: 2, version: versionOf(file(2)) });
    const first = `"${versionOf(file(1))}"`;
    expect(asked).toEqual([
      [undefined, 'Bearer x'],
      [first, 'Bearer x'],
      [first, 'Bearer x'],
    ]);
  });

  it('is not used when it is longer than maxBytes once it is unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(5_000_000));
    const url = await at((_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    await expect(watched(url, { pollMs: 0, maxBytes: 100_000 }).ask()).rejects.toThrow('it is longer than the maxBytes of 100000');
  });

  it('stays what it was when the server answers an error, breaks off in the middle, or is gone', async () => {
    let answer: RequestListener = (_request, response) => void response.end(file(1));
    const url = await at((request, response) => answer(request, response));
    const { model, ask } = watched(url);
    await model.start?.();
    answer = (_request, response) => void response.writeHead(500).end('oops');
    await expect(model.reload()).rejects.toThrow(`cannot fetch the model from ${url}: it answered 500`);
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100000' });
      response.write(file(2), () => response.destroy());
    };
    await expect(model.reload()).rejects.toThrow(`cannot fetch the model from ${url}: `);
    expect((await ask()).answer).toBe(1);
    answer = (_request, response) => void response.end(file(2));
    expect(await model.reload()).toBe(true);
    expect((await ask()).answer).toBe(2);
  });
});

it.each([
  [{ pollMs: -1 }, 'pollMs: expected milliseconds'],
  [{ pollMs: 3e9 }, 'pollMs: expected milliseconds'],
  [{ pollMs: Number.POSITIVE_INFINITY }, 'pollMs: expected milliseconds'],
  [{ maxBytes: 0 }, 'maxBytes'],
  [{ poll: 1 }, 'unknown option "poll"'],
])('an option that cannot be is refused: %j', (options, words) => {
  expect(() => reloading('x', () => ({ name: '', predict: async () => [] }), options as ReloadOptions)).toThrow(words);
});
