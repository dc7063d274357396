import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { http, inference, json, string } from 'streamerjs';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { versionOf } from '../../src/models/file/index.ts';
import { type FeatureRow, type Model, reloading, xgboost } from '../../src/models/index.ts';
import { serveModel } from '../../src/web/index.ts';
import { started, testAppOf, until } from '../helpers/app.ts';
import { readAll, unique } from '../helpers/broker.ts';
import { bytesOf, smallModel } from '../models/support/small-model.ts';

const EVENTS = 1_800;
const PARTS = 6;
const Row = z.object({ n: z.number() });
const Out = Row.extend({ answer: z.number() });

/** A model that answers `value` to every row. */
const file = (value: number): Uint8Array => bytesOf(smallModel({ trees: [value], features: 1, names: ['n'] }));
const versions = new Map(Array.from({ length: PARTS }, (_, part) => [versionOf(file(part)), part]));

/** The model, and what the calls to it were answered. */
function watched(model: Model<FeatureRow, number>): { model: Model<FeatureRow, number>; calls: number[][] } {
  const calls: number[][] = [];
  const predict: typeof model.predict = async (rows, options) => {
    const answers = await model.predict(rows, options);
    calls.push(answers);
    return answers;
  };
  return { calls, model: { name: model.name, predict, start: () => model.start?.() as Promise<void>, close: async () => model.close?.() } };
}

it.each(['in process', 'behind HTTP'])(
  'a model %s that is swapped under load: nothing is lost, and no batch is of two versions',
  async (place) => {
    const folder = await mkdtemp(join(tmpdir(), 'streamer-swap-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'model.json');
    await writeFile(path, file(0));
    const swapping = reloading<FeatureRow, number>(path, (bytes) => xgboost(bytes), { pollMs: 2, onFailure: () => {} });
    const server = place === 'in process' ? undefined : await serveModel({ model: swapping, port: 0 });
    const { model, calls } = watched(server === undefined ? swapping : http.rows(server.url));

    const app = testAppOf('swap');
    onTestFinished(async () => {
      await app.stop();
      await server?.close();
      await swapping.close?.();
    });
    const rows = app.topic(unique('rows'), { key: string(), value: json(Row), partitions: 2 });
    const out = app.topic(unique('out'), { key: string(), value: json(Out), partitions: 2 });
    app.agent(
      'predict',
      rows,
      inference({
        model,
        features: (row) => row,
        result: (row, answer) => ({ ...row, answer }),
        batch: { size: 16, waitMs: 1 },
      }),
      { to: out },
    );
    const worker = await started(app);

    const sending: Array<Promise<unknown>> = [];
    for (let part = 0; part < PARTS; part++) {
      if (part > 0) {
        // Half a file first, which must change nothing.
        await writeFile(path, file(part).subarray(0, 300));
        await writeFile(`${path}.new`, file(part));
        await rename(`${path}.new`, path);
        await until(
          () => swapping.version,
          (version) => version === versionOf(file(part)),
        );
      }
      // Those of the part before are still being predicted, or on their way.
      for (let n = (part * EVENTS) / PARTS; n < ((part + 1) * EVENTS) / PARTS; n++)
        sending.push(rows.send({ key: `k${n % 41}`, value: { n } }));
      await until(
        () => calls.flat().includes(part),
        (isAsked) => isAsked,
      );
    }
    await Promise.all(sending);
    await until(
      () => worker.stats().agents['predict']?.finished,
      (finished) => finished === EVENTS,
      60_000,
    );

    for (const answers of calls) expect(new Set(answers).size).toBe(1);
    const records = await readAll(out.name);
    expect(records).toHaveLength(EVENTS);
    const last = new Map<string, number>();
    for (const { key, value, headers } of records) {
      const { n, answer } = Out.parse(JSON.parse(String(value)));
      expect(versions.get(String(headers?.['streamer-model-version']))).toBe(answer);
      expect(n).toBeGreaterThan(last.get(String(key)) ?? -1);
      last.set(String(key), n);
    }
    expect(await readAll(`${rows.name}.${app.id}.dlq`)).toEqual([]);
    expect(worker.stats().agents['predict']).toMatchObject({ failed: 0, retried: 0 });
  },
);
