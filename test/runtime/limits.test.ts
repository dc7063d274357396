import { type App, each, json, retry, string } from 'streamerjs';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { started, testAppOf, until } from '../helpers/app.ts';
import { unique } from '../helpers/broker.ts';

const Item = z.object({ n: z.number() });
const running: App[] = [];
afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

it('runs ahead of an unfinished event by 10,000 offsets and no more, and goes on once it is finished', async () => {
  const app = testAppOf('ahead', { queueRecords: 50_000 });
  running.push(app);
  const items = app.topic(unique('items'), { key: string(), value: json(Item), partitions: 2 });
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const done = [0, 0];
  app.agent(
    'work',
    items,
    each(async ({ n }, { partition }) => {
      if (n === 0 && partition === 0) await released;
      done[partition]!++;
    }),
    { order: 'none', concurrency: 50 },
  );
  await started(app);
  const send = (count: number, partition: number) =>
    Promise.all(Array.from({ length: count }, (_, n) => items.send({ key: 'k', value: { n }, partition })));
  await send(12_000, 0);
  await until(
    () => done[0]!,
    (count) => count >= 9_000,
    30_000,
  );
  // Another partition comes and goes meanwhile: time enough for the first to go too far.
  await send(3_000, 1);
  await until(
    () => done[1]!,
    (count) => count === 3_000,
    30_000,
  );
  expect(done[0]).toBeLessThanOrEqual(10_000);
  release();
  await until(
    () => done[0]!,
    (count) => count === 12_000,
    30_000,
  );
}, 120_000);

it('does not wait, when it stops, for an event that waits for its next try', async () => {
  const app = testAppOf('back-off', { drainTimeoutMs: 600_000 });
  running.push(app);
  const items = app.topic(unique('items'), { key: string(), value: json(Item), partitions: 1 });
  app.agent(
    'fail',
    items,
    each(() => {
      throw new Error('not yet');
    }),
    { onError: retry({ attempts: 5, delayMs: 600_000, maxDelayMs: 600_000 }) },
  );
  const worker = await started(app);
  const failed = new Promise((resolve) => worker.on('retry', resolve));
  await items.send({ key: 'k', value: { n: 1 } });
  await failed;
  expect(await worker.stop()).toMatchObject({ abandoned: 0 });
}, 60_000);
