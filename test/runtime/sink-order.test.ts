import { type App, each, json, retry, string } from 'streamerjs';
import { filter } from 'streamerjs/agents';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { started, testAppOf, until } from '../helpers/app.ts';
import { readAll, unique } from '../helpers/broker.ts';

/** What a sink function does belongs to the event as what its handler does: a key's next event waits for it. */
const Item = z.object({ n: z.number() });
const running: App[] = [];
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

function anApp(options = {}) {
  const app = testAppOf('sink', options);
  running.push(app);
  return { app, items: app.topic(unique('items'), { key: string(), value: json(Item) }) };
}

const copies = {
  each: each((item: z.infer<typeof Item>) => item),
  generator: async function* (stream: AsyncIterable<{ value: z.infer<typeof Item> }>) {
    for await (const { value } of stream) yield value;
  },
};

it.each(['each', 'generator'] as const)('an async sink keeps the order of a key (%s)', async (kind) => {
  const { app, items } = anApp();
  const seen: number[] = [];
  app.agent('copy', items, copies[kind] as typeof copies.each, {
    concurrency: 4,
    to: async ({ n }) => {
      await sleep(n % 2 === 0 ? 40 : 0);
      seen.push(n);
    },
  });
  const worker = await started(app);
  await Promise.all([0, 1, 2, 3].map((n) => items.send({ key: 'k', value: { n } })));
  await until(
    () => worker.stats().agents.copy?.finished,
    (finished) => finished === 4,
  );
  expect(seen).toEqual([0, 1, 2, 3]);
});

/** As a query of Knex or Mongoose: it runs when it is awaited. */
function query(work: () => Promise<void>): PromiseLike<void> {
  // biome-ignore lint/suspicious/noThenProperty: that is what these libraries return
  return { then: (resolve, reject) => work().then(resolve, reject) };
}

it('a sink that returns what runs only when it is awaited is awaited, and fails its event', async () => {
  const { app, items } = anApp();
  const seen: string[] = [];
  app.agent('copy', items, copies.each, {
    onError: retry({ attempts: 2, delayMs: 1 }),
    to: ({ n }) =>
      query(async () => {
        await sleep(n === 0 ? 40 : 0);
        seen.push(`${n}`);
        if (n === 1 && !seen.includes('failed')) {
          seen.push('failed');
          throw new Error('deadlock');
        }
      }),
  });
  const worker = await started(app);
  await Promise.all([0, 1, 2].map((n) => items.send({ key: 'k', value: { n } })));
  await until(
    () => worker.stats().agents.copy?.finished,
    (finished) => finished === 3,
  );
  expect(seen).toEqual(['0', '1', 'failed', '1', '2']);
});

it('a predicate of filter and a handler may return such a thing too', async () => {
  const { app, items } = anApp();
  const output = app.topic(unique('output'), { key: string(), value: json(Item) });
  const isEven = ({ n }: { n: number }): PromiseLike<boolean> => {
    const answer = Promise.resolve(n % 2 === 0);
    // biome-ignore lint/suspicious/noThenProperty: as above
    return { then: (resolve, reject) => answer.then(resolve, reject) };
  };
  app.agent('even', items, filter(isEven), { to: output });
  let handled = 0;
  app.agent(
    'handle',
    items,
    each(() =>
      query(async () => {
        handled++;
      }),
    ),
    { timeoutMs: 5_000 },
  );
  const worker = await started(app);
  await Promise.all([0, 1, 2].map((n) => items.send({ key: 'k', value: { n } })));
  await until(
    () => worker.stats().agents,
    ({ even, handle }) => even?.finished === 3 && handle?.finished === 3,
  );
  expect((await readAll(output.name)).map(({ value }) => String(value))).toEqual(['{"n":0}', '{"n":2}']);
  expect(handled).toBe(3);
});

it('an async sink that fails is tried again, before the next event of its key', async () => {
  const { app, items } = anApp();
  const seen: number[] = [];
  let failures = 1;
  app.agent('copy', items, copies.each, {
    concurrency: 4,
    onError: retry({ attempts: 3, delayMs: 20 }),
    to: async ({ n }) => {
      await sleep(5);
      if (n === 0 && failures-- > 0) throw new Error('once');
      seen.push(n);
    },
  });
  const worker = await started(app);
  await Promise.all([0, 1].map((n) => items.send({ key: 'k', value: { n } })));
  await until(
    () => worker.stats().agents.copy?.finished,
    (finished) => finished === 2,
  );
  expect(seen).toEqual([0, 1]);
  expect(worker.stats().deadLettered).toBe(0);
});

it('a drain waits for a sink that is at work', async () => {
  const { app, items } = anApp();
  const seen: number[] = [];
  app.agent('copy', items, copies.each, {
    to: async ({ n }) => {
      await sleep(300);
      seen.push(n);
    },
  });
  const worker = await started(app);
  await items.send({ key: 'k', value: { n: 0 } });
  await until(
    () => worker.stats().agents.copy?.inFlight,
    (inFlight) => inFlight === 1,
  );
  expect(await worker.stop()).toEqual({ drained: 1, abandoned: 0, committed: true });
  expect(seen).toEqual([0]);
});
