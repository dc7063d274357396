import { type App, each, json, optional, string } from 'streamerjs';
import { afterEach, expect, it } from 'vitest';
import { started, testAppOf, until } from '../helpers/app.ts';
import { readAll, unique } from '../helpers/broker.ts';
import { KINDS, malformed, Order, valid } from './support/malformed.ts';

const running: App[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

it('sends every one of 10,000 malformed records of 43 kinds to the dead-letter topic with the right code, and goes on', async () => {
  expect(KINDS.length).toBe(43);
  const app = testAppOf('bad-input');
  running.push(app);
  const name = unique('orders');
  const orders = app.topic(name, { key: string(), value: json(Order), partitions: 2 });
  const seen: number[] = [];
  app.agent(
    'take',
    orders,
    each((order) => void seen.push(order.amount)),
    { concurrency: 16 },
  );
  const worker = await started(app);
  const sender = testAppOf('bad-sender');
  running.push(sender);
  const raw = sender.topic(name, { key: optional(string()) });

  const bad = malformed(10_000);
  const sends: Promise<unknown>[] = [];
  for (const [n, [kind, value]] of bad.entries()) {
    sends.push(raw.send({ key: `bad-${n}`, value, headers: { kind } }));
    if (n % 10 === 0) sends.push(raw.send({ key: `good-${n}`, value: valid(n) }));
    if (sends.length >= 500) await Promise.all(sends.splice(0));
  }
  await Promise.all(sends);
  await until(
    () => worker.stats().deadLettered,
    (count) => count >= 10_000,
    25_000,
  );
  await until(
    () => seen.length,
    (count) => count === 1_000,
  );
  expect(worker.state).toBe('ready');
  expect({}).not.toHaveProperty('id');

  const codes = new Map(KINDS.map(([kind, , code]) => [kind, code]));
  const letters = await readAll(`${name}.${app.id}.dlq`);
  expect(letters.length).toBe(10_000);
  expect(new Set(letters.map(({ key }) => String(key))).size).toBe(10_000);
  const wrong = letters.filter(({ headers }) => String(headers?.['streamer.dlq.code']) !== codes.get(String(headers?.kind)));
  expect(wrong.map(({ headers }) => [String(headers?.kind), String(headers?.['streamer.dlq.code'])])).toEqual([]);
  const kinds = new Map(KINDS.map(([kind, value]) => [kind, value]));
  expect(letters.every(({ value, headers }) => kinds.get(String(headers?.kind))!.equals(value!))).toBe(true);
}, 60_000);
