import { type App, bytes, deadLetter, each, json, string } from 'streamerjs';
import { startBroker } from 'streamerjs/broker';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { started, testAppOf, until } from '../helpers/app.ts';

const running: Array<{ stop(): Promise<unknown> }> = [];
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop();
});

it('an output that the broker refuses by closing the connection fails its event, and no other', async () => {
  const broker = await startBroker({ limits: { frameBytes: 3_000_000 } });
  const app: App = testAppOf('oversized', { brokers: [broker.address] });
  running.push(app, { stop: () => broker.close() });
  const items = app.topic('items', { key: string(), value: json(z.object({ size: z.number() })), partitions: 1 });
  const large = { 'max.message.bytes': '50000000' };
  const output = app.topic('output', { key: string(), value: bytes(), partitions: 4, configs: large });
  app.agent(
    'make',
    items,
    each(({ size }) => Buffer.alloc(size, 'x')),
    { to: output, onError: deadLetter() },
  );
  const refused: unknown[] = [];
  const worker = await started(app);
  worker.on('deadLetter', ({ offset, error }) => refused.push([offset, (error as Error).message]));
  for (const [index, size] of [10, 4_000_000, 20, 5_000_000, 30].entries()) await items.send({ key: `k${index}`, value: { size } });
  await until(
    () => worker.stats().agents['make'],
    (stats) => stats?.finished === 5,
    60_000,
  );
  expect(refused.map((each) => (each as unknown[])[0])).toEqual([1, 3]);
  expect(String(refused[0])).toMatch(/the broker closed the connection 3 times instead of taking a record of 4000\d+ bytes/);
  const marks = await (await (await app.client()).admin()).watermarks('output');
  expect(marks.reduce((sum, { latest }) => sum + latest, 0)).toBe(3);
}, 90_000);
