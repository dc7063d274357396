import { type App, each, json, string, type Worker } from 'streamerjs';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { started, testAppOf, until } from '../helpers/app.ts';
import { unique } from '../helpers/broker.ts';

const Item = z.object({ n: z.number() });
const running: App[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

/** One worker of a group; all of them note what they do in the same list. */
function member(id: string, topic: string, seen: Array<{ key: string; n: number; by: number }>, by: number, workMs = 5) {
  const app = testAppOf('member', { id, sessionTimeoutMs: 6_000, heartbeatIntervalMs: 200 });
  running.push(app);
  const items = app.topic(topic, { key: string(), value: json(Item), partitions: 4 });
  app.agent(
    'work',
    items,
    each(async ({ n }, { key }) => {
      await new Promise((resolve) => setTimeout(resolve, workMs));
      seen.push({ key, n, by });
    }),
    { concurrency: 4 },
  );
  return { app, items };
}

function isSplit(workers: readonly Worker[]): boolean {
  return workers.every((worker) => worker.stats().assigned.length === 4 / workers.length);
}

it('hands partitions over when workers come and go: nothing lost, nothing twice, keys in order', async () => {
  const [id, topic] = [unique('handover'), unique('items')];
  const seen: Array<{ key: string; n: number; by: number }> = [];
  const first = member(id, topic, seen, 1);
  const one = await started(first.app);
  const total = 2_000;
  const sending = (async () => {
    for (let n = 0; n < total; n += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, i) => first.items.send({ key: `k${(n + i) % 40}`, value: { n: n + i } })));
    }
  })();
  await until(
    () => seen.length,
    (length) => length > 100,
  );
  const second = member(id, topic, seen, 2);
  const two = await second.app.start();
  await until(() => isSplit([one, two]), Boolean);
  await sending;
  const before = seen.length;
  await until(
    () => seen.filter(({ by }) => by === 2).length,
    (count) => count > 50,
  );
  expect(before).toBeLessThan(total);
  const { abandoned } = await two.stop();
  expect(abandoned).toBe(0);
  await until(
    () => seen.length,
    (length) => length >= total,
  );
  await until(
    () => one.stats().assigned.length,
    (count) => count === 4,
  );
  await one.stop();
  expect(seen.length).toBe(total);
  expect(new Set(seen.map(({ n }) => n)).size).toBe(total);
  const last = new Map<string, number>();
  for (const { key, n } of seen) {
    expect(n).toBeGreaterThan(last.get(key) ?? -1);
    last.set(key, n);
  }
});

it('tells, when it stops, of what it gives up then, and not of what a rebalance made it give up', async () => {
  const [id, topic] = [unique('given-up'), unique('items')];
  let isStuck = true;
  const build = () => {
    const app = testAppOf('given-up', { id, drainTimeoutMs: 100, heartbeatIntervalMs: 200 });
    running.push(app);
    const items = app.topic(topic, { key: string(), value: json(Item), partitions: 4 });
    app.agent(
      'work',
      items,
      each(async (_item, { signal }) => {
        if (isStuck) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      }),
    );
    return { app, items };
  };
  const first = build();
  const one = await started(first.app);
  await Promise.all(Array.from({ length: 40 }, (_, n) => first.items.send({ key: `k${n}`, value: { n } })));
  await until(
    () => one.stats().agents.work?.inFlight,
    (count) => count === 4,
  );
  // Events of the next epoch may start before the other worker is ready.
  one.on('revoked', () => {
    isStuck = false;
  });
  const two = await build().app.start();
  await until(() => isSplit([one, two]) && [one, two].every((worker) => worker.stats().lag === 0), Boolean);
  expect(await one.stop()).toEqual({ drained: 0, abandoned: 0, committed: true });
});

it('does not redo, after a restart, what was finished beyond an unfinished event', async () => {
  const [id, topic] = [unique('beyond'), unique('items')];
  const seen: number[] = [];
  const build = (isStuck: boolean) => {
    const app = testAppOf('beyond', { id, drainTimeoutMs: 100 });
    running.push(app);
    const items = app.topic(topic, { key: string(), value: json(Item) });
    app.agent(
      'work',
      items,
      each(async ({ n }, { signal }) => {
        if (isStuck && n % 10 === 0) return new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        seen.push(n);
        return undefined;
      }),
      { concurrency: 20 },
    );
    return { app, items };
  };
  const first = build(true);
  const worker = await started(first.app);
  await Promise.all(Array.from({ length: 100 }, (_, n) => first.items.send({ key: `k${n}`, value: { n } })));
  await until(
    () => seen.length,
    (length) => length === 90,
  );
  const commits: number[] = [];
  worker.on('committed', ({ offsets }) => commits.push(...offsets.map(({ offset }) => offset)));
  const { abandoned } = await worker.stop();
  expect(abandoned).toBe(10);
  expect(Math.max(...commits, 0)).toBe(0);
  const second = build(false);
  const again = await second.app.start();
  await until(
    () => again.stats().agents.work?.finished,
    (finished) => finished === 10,
  );
  expect(seen.slice(90).sort((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, n) => n * 10));
});

it('pauses a partition whose agent is slow, without holding up the others', async () => {
  const app = testAppOf('pause', { queueRecords: 50 });
  running.push(app);
  const items = app.topic(unique('items'), { key: string(), value: json(Item), partitions: 2 });
  const seen: number[] = [0, 0];
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  app.agent(
    'work',
    items,
    each(async (_item, { partition }) => {
      if (partition === 0) await gate;
      seen[partition]!++;
    }),
    { order: 'partition' },
  );
  const worker = await started(app);
  for (let round = 0; round < 20; round++) {
    await Promise.all(
      [0, 1].flatMap((partition) => Array.from({ length: 50 }, (_, n) => items.send({ key: `k${n}`, value: { n }, partition }))),
    );
  }
  await until(
    () => seen[1],
    (count) => count === 1_000,
  );
  expect(seen[0]).toBe(0);
  const { queued } = worker.stats().agents.work!;
  expect(queued).toBeGreaterThanOrEqual(49);
  release();
  await until(
    () => seen[0],
    (count) => count === 1_000,
  );
});
