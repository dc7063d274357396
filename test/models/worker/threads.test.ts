import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type * as Models from '../../../src/models/index.ts';
import { threadFile } from '../../../src/models/worker/thread-file.ts';
import { bytesOf, type Sketch, smallModel } from '../support/small-model.ts';

const root = resolve(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'streamer-models-'));
let built: typeof Models;

/** A thread needs JavaScript: the models are compiled as they are now, apart from any build that may lie about. */
beforeAll(async () => {
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { rootDir: root, outDir: folder, declaration: false },
    include: [join(root, 'src/models')],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const compiled = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8' });
  expect(compiled.stdout + compiled.stderr).toBe('');
  built = (await import(pathToFileURL(join(folder, 'src/models/index.js')).href)) as typeof Models;
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** A full tree: depth 10, on four features. */
function deep(depth: number, salt: number): Sketch {
  if (depth === 0) return Math.sin(salt);
  return { feature: salt % 4, below: Math.abs(Math.cos(salt)), left: deep(depth - 1, salt * 2 + 1), right: deep(depth - 1, salt * 2 + 2) };
}
const heavy = bytesOf(smallModel({ trees: Array.from({ length: 20 }, (_, n) => deep(8, n)), features: 4 }));
const rowsOf = (count: number) => Array.from({ length: count }, (_, n) => [0, 1, 2, 3].map((j) => ((n * 7919 + j * 104729) % 1009) / 1009));

const open: { close?: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const model of open.splice(0)) await model.close?.();
});
function inThread<Model extends { close?: () => Promise<void> }>(model: Model): Model {
  open.push(model);
  return model;
}

describe('a model in threads', () => {
  it.each([true, 3])('inThread: %s answers as one in the same thread does, each call in its order', async (threads) => {
    const model = inThread(built.xgboost(heavy, { inThread: threads }));
    const expected = built.xgboost(heavy);
    const calls = Array.from({ length: 12 }, (_, n) => rowsOf(n * 40 + 1));
    expect(await Promise.all(calls.map((rows) => model.predict(rows)))).toEqual(
      await Promise.all(calls.map((rows) => expected.predict(rows))),
    );
  });

  it('leaves the event loop free', async () => {
    const model = inThread(built.xgboost(heavy, { inThread: true, answer: 'list' }));
    const rows = rowsOf(2_000);
    await model.predict(rows.slice(0, 1));
    let turns = 0;
    let isDone = false;
    const turn = () => {
      turns++;
      if (!isDone) setImmediate(turn);
    };
    const all = Promise.all(Array.from({ length: 50 }, () => model.predict(rows)));
    turn();
    await all;
    isDone = true;
    // In the same thread, all 50 calls would be over after a handful of turns.
    expect(turns).toBeGreaterThan(50);
  });

  it('fails the rows that do not fit, and answers the others', async () => {
    const model = inThread(built.xgboost(heavy, { inThread: true }));
    const rows = rowsOf(3);
    const [first, , third] = await built.xgboost(heavy).predict(rows);
    await expect(model.predict([rows[0] as number[], [1], rows[2] as number[]])).rejects.toMatchObject({
      rows: [1],
      outcomes: [{ answer: first }, { error: { code: 'REFUSED' } }, { answer: third }],
    });
  });

  it('rejects a call that nobody waits for any more, and goes on', async () => {
    const model = inThread(built.xgboost(heavy, { inThread: true }));
    await model.start?.();
    const controller = new AbortController();
    const call = model.predict(rowsOf(2_000), { signal: controller.signal });
    controller.abort(new Error('partition lost'));
    await expect(call).rejects.toThrow('partition lost');
    expect(await model.predict(rowsOf(2))).toHaveLength(2);
  });

  it('tells what is wrong with a model at its start', async () => {
    const model = inThread(built.xgboost(new TextEncoder().encode('{}'), { inThread: 2 }));
    await expect(model.start?.()).rejects.toMatchObject({ code: 'CONFIG' });
  });

  it('waits at close for calls under way, and may be asked again', async () => {
    const model = inThread(built.xgboost(heavy, { inThread: true }));
    await model.start?.();
    const call = model.predict(rowsOf(500));
    await new Promise((resolve) => setImmediate(resolve));
    await model.close?.();
    expect(await call).toHaveLength(500);
    expect(await model.predict(rowsOf(1))).toHaveLength(1);
  });

  it('does not keep the process alive', () => {
    const script = `import { xgboost } from ${JSON.stringify(pathToFileURL(join(folder, 'src/models/index.js')).href)};
      const model = xgboost(new TextEncoder().encode(${JSON.stringify(new TextDecoder().decode(bytesOf(smallModel())))}), { inThread: true });
      console.log(JSON.stringify(await model.predict([[0, 0], [2, 0]])));`;
    const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', timeout: 20_000 });
    expect({ out: ran.stdout.trim(), error: ran.stderr, code: ran.status }).toEqual({ out: '[-1,1]', error: '', code: 0 });
  });
});

describe('a thread that ends', () => {
  it('rejects what it had as unavailable, and is replaced at the next call', async () => {
    const { scorerThreads } = (await import(
      pathToFileURL(join(folder, 'src/models/worker/threads.js')).href
    )) as typeof import('../../../src/models/worker/threads.ts');
    const { ScorerThread } = (await import(
      pathToFileURL(join(folder, 'src/models/worker/thread.js')).href
    )) as typeof import('../../../src/models/worker/thread.ts');
    const opened: Awaited<ReturnType<typeof ScorerThread.open>>[] = [];
    const original = ScorerThread.open;
    ScorerThread.open = async (spec) => {
      const thread = await original.call(ScorerThread, spec);
      opened.push(thread);
      return thread;
    };
    try {
      const scorer = await scorerThreads({ kind: 'xgboost', bytes: bytesOf(smallModel()), margin: false }, { features: 2, width: 1 }, 1);
      const lost = scorer.score(new Float32Array(2_000_000), 1_000_000);
      await opened[0]?.close();
      await expect(lost).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
      expect(await scorer.score(Float32Array.of(2, 0), 1)).toEqual(Float32Array.of(1));
      expect(opened).toHaveLength(2);
      await scorer.close?.();
    } finally {
      ScorerThread.open = original;
    }
  });
});

describe('the file of a thread', () => {
  it('lies beside the built module; from sources, the built one is taken, or its absence told', () => {
    expect(threadFile('file:///x/dist/src/models/worker/thread.js').href).toBe('file:///x/dist/src/models/worker/thread-main.js');
    const sources = pathToFileURL(join(folder, 'nothing/src/models/worker/thread.ts')).href;
    expect(() => threadFile(sources)).toThrow('never built');
    const here = pathToFileURL(join(root, 'src/models/worker/thread.ts')).href;
    if (existsSync(join(root, 'dist/src/models/worker/thread-main.js')))
      expect(threadFile(here).href).toContain('/dist/src/models/worker/thread-main.js');
    else expect(() => threadFile(here)).toThrow('never built');
  });
});
