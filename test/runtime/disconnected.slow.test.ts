import { each, string } from 'streamerjs';
import { startBroker } from 'streamerjs/broker';
import { afterEach, expect, it } from 'vitest';
import { started, testAppOf, until } from '../helpers/app.ts';

const closing: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

it('a worker that no broker answers is disconnected, says since when, and is ready again afterwards', async () => {
  const first = await startBroker();
  closing.push(() => first.close());
  const app = testAppOf('disconnected', { brokers: [first.address], sessionTimeoutMs: 6_000, heartbeatIntervalMs: 500 });
  closing.push(() => app.stop());
  app.agent(
    'work',
    app.topic('items', { key: string(), value: string() }),
    each(() => {}),
  );
  const worker = await started(app);
  const states: string[] = [];
  worker.on('disconnected', () => states.push('disconnected'));
  worker.on('connected', () => states.push('connected'));
  expect([worker.state, worker.stats().disconnectedSince]).toEqual(['ready', undefined]);
  await first.close();
  const gone = Date.now();
  await until(
    () => worker.state,
    (state) => state === 'disconnected',
    20_000,
  );
  expect(Math.abs((worker.stats().disconnectedSince ?? 0) - gone)).toBeLessThan(4_000);
  const second = await startBroker({ port: Number(first.address.split(':')[1]) });
  closing.push(() => second.close());
  await (await (await app.client()).admin()).createTopics(app.topicSpecs());
  await until(
    () => worker.state,
    (state) => state === 'ready',
    60_000,
  );
  expect(states).toEqual(['disconnected', 'connected']);
}, 120_000);
