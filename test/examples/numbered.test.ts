import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isApp } from 'streamerjs';
import { testApp } from 'streamerjs/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type TestRegistry, testRegistry } from '../helpers/registry.ts';

it('01-agent picks the large orders', async () => {
  const { app, orders, large } = await import('../../examples/01-agent.ts');
  const t = await testApp(app);
  try {
    await t.send(orders, { key: 'u1', value: { id: '1', user: 'u1', amount: 20_000 } });
    expect(await t.next(large)).toMatchObject({ key: 'u1', value: { amount: 20_000 } });
  } finally {
    await t.stop();
  }
});

it('02-handler charges what can be charged, and dead-letters the rest', async () => {
  const { app, orders, payments } = await import('../../examples/02-handler.ts');
  const t = await testApp(app);
  try {
    for (const [id, amount] of Object.entries({ a: 1, b: -1, c: 3 })) await t.send(orders, { key: id, value: { id, user: id, amount } });
    await t.settled();
    expect(payments.charged.sort()).toEqual(['a', 'c']);
    expect(t.worker.stats()).toMatchObject({ deadLettered: 1, agents: { charge: { retried: 2 } } });
  } finally {
    await t.stop();
  }
});

it('03-shipped-agents predicts, filters by age, and forwards', async () => {
  const model = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const rows = JSON.parse(body) as Array<{ age: number }>;
      response.end(JSON.stringify(rows.map(({ age }) => ({ prediction: age > 40 ? 'Yes' : 'No', probability: 0.75 }))));
    });
  });
  await new Promise<void>((resolve) => model.listen(0, '127.0.0.1', resolve));
  process.env.MODEL_URL = `http://127.0.0.1:${(model.address() as AddressInfo).port}/predict`;
  const { app, customers, predictions, seniors, archive } = await import('../../examples/03-shipped-agents.ts');
  const t = await testApp(app);
  try {
    await t.send(customers, { key: 'old', value: { age: 70, job: 'retired' } });
    expect(await t.next(predictions)).toMatchObject({ key: 'old', value: { age: 70, prediction: 'Yes', probability: 0.75 } });
    expect(await t.next(archive)).toMatchObject({ key: 'old', value: { prediction: 'Yes' } });
    await t.send(customers, { key: 'young', value: { age: 20, job: 'student' } });
    expect(await t.next(predictions)).toMatchObject({ key: 'young', value: { prediction: 'No' } });
    expect(await t.next(seniors)).toMatchObject({ key: 'old' });
    await expect(t.next(seniors, 200)).rejects.toThrow(/no further record/);
  } finally {
    await t.stop();
    await new Promise((resolve) => model.close(resolve));
  }
});

it('04-asking answers', async () => {
  const { app, score } = await import('../../examples/04-asking.ts');
  expect(isApp(app)).toBe(true);
  const t = await testApp(app);
  try {
    expect(await score.ask({ id: '1', user: 'u1', amount: 20_000 })).toEqual({ id: '1', isSuspicious: true });
  } finally {
    await t.stop();
  }
});

describe('05-avro', () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await testRegistry();
  });
  afterAll(() => registry.close());

  it.each(['on its own', 'with a schema registry'])('tells of frosts %s', async (how) => {
    vi.resetModules();
    vi.stubEnv('SCHEMA_REGISTRY_URL', how === 'on its own' ? undefined : registry.url);
    const { app, readings, frosts } = await import('../../examples/05-avro.ts');
    const t = await testApp(app);
    try {
      const at = new Date('2026-01-02T03:04:05.678Z');
      await t.send(readings, { key: 'a', value: { station: 'a', at, celsius: 1 } });
      await t.send(readings, { key: 'b', value: { station: 'b', at, celsius: -1.5, sky: 'CLOUDS' } });
      expect((await t.next(frosts)).value).toEqual({ station: 'b', at, celsius: -1.5, sky: 'CLOUDS', note: 'clouds, 2026' });
    } finally {
      await t.stop();
      vi.unstubAllEnvs();
    }
  });
});

it('06-count adds up what users spend, and goes on after a restart', async () => {
  const { app, orders, spent, mayBuy } = await import('../../examples/06-count.ts');
  const t = await testApp(app);
  try {
    const order = (id: string, user: string, amount: number) => t.send(orders, { key: id, value: { id, user, amount } });
    await Promise.all([order('1', 'ann', 10), order('2', 'bob', 5), order('3', 'ann', 20)]);
    await t.settled();
    expect(t.table(spent).get('ann')).toBe(30);
    await t.restart();
    expect(Object.fromEntries(t.table(spent).entries())).toEqual({ ann: 30, bob: 5 });
    await order('4', 'ann', 1);
    await t.settled();
    expect(t.table(spent).get('ann')).toBe(31);
    expect(t.table(spent).has('eve')).toBe(false);
    expect(await mayBuy.ask({ limit: 30 }, { key: 'ann' })).toEqual({ user: 'ann', mayBuy: false });
    expect(await mayBuy.ask({ limit: 30 }, { key: 'bob' })).toEqual({ user: 'bob', mayBuy: true });
  } finally {
    await t.stop();
  }
});
