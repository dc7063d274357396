import { type App, each, json, string } from 'streamerjs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { started, testAppOf, until } from '../helpers/app.ts';
import { readAll, unique } from '../helpers/broker.ts';

/** An agent need not await what it sends: the event waits for it all the same, and the process outlives its failure. */
const Item = z.object({ n: z.number(), text: z.string().optional() });
const running: App[] = [];
const unhandled: unknown[] = [];
const note = (error: unknown) => void unhandled.push(error);

beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', note);
});

afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
  process.off('unhandledRejection', note);
});

function anApp(options = {}) {
  const app = testAppOf('unawaited', options);
  running.push(app);
  const items = app.topic(unique('items'), { key: string(), value: json(Item) });
  const out = app.topic(unique('out'), { key: string(), value: json(Item) });
  return { app, items, out, letters: () => readAll(`${items.name}.${app.id}.dlq`) };
}

const TOO_LARGE = 'x'.repeat(3 * 1024 * 1024);

it.each([
  ['a record that the broker refuses', { n: 1, text: TOO_LARGE }],
  ['a value that does not validate', { n: 'one' } as never],
])('%s fails the event of a handler that is through already', async (_name, value) => {
  const { app, items, out, letters } = anApp();
  app.agent(
    'copy',
    items,
    each((_item, { key }) => {
      void out.send({ key, value });
    }),
  );
  const worker = await started(app);
  await items.send({ key: 'k', value: { n: 1 } });
  await until(
    () => worker.stats().agents.copy?.finished,
    (finished) => finished === 1,
  );
  expect(worker.stats().agents.copy?.failed).toBe(1);
  expect(await letters()).toHaveLength(1);
  expect(worker.state).toBe('ready');
  expect(unhandled).toEqual([]);
});

it('what is sent for an event that belongs to another worker by now is dropped, and nothing breaks', async () => {
  const { app, items, out } = anApp({ drainTimeoutMs: 50 });
  let hasSent: () => void = () => {};
  const sent = new Promise<void>((resolve) => {
    hasSent = resolve;
  });
  app.agent(
    'late',
    items,
    each(async ({ n }, { key, signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      void out.send({ key, value: { n } });
      hasSent();
    }),
  );
  const worker = await started(app);
  await items.send({ key: 'k', value: { n: 1 } });
  await until(
    () => worker.stats().agents.late?.inFlight,
    (inFlight) => inFlight === 1,
  );
  expect((await worker.stop()).abandoned).toBe(1);
  await sent;
  await app.stop();
  expect(unhandled).toEqual([]);
  expect(await readAll(out.name)).toEqual([]);
});
