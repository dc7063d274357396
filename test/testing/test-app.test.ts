import { App, deadLetter, each, json, string } from 'streamerjs';
import { startBroker } from 'streamerjs/broker';
import { testApp } from 'streamerjs/testing';
import { expect, it, vi } from 'vitest';
import { z } from 'zod';

const Order = z.object({ id: z.string(), user: z.string(), amount: z.number() });

function shop() {
  const app = new App({ id: 'shop' });
  const orders = app.topic('orders', { key: string(), value: json(Order), partitions: 2 });
  const large = app.topic('large-orders', { key: string(), value: json(Order) });
  app.agent(
    'pick-large',
    orders,
    async function* (stream) {
      for await (const order of stream) if (order.value.amount > 10_000) yield order.value;
    },
    { to: large },
  );
  const score = app.agent(
    'score',
    orders,
    each(async (order) => {
      if (order.id === 'bad') throw new TypeError('cannot score that');
      return order.id === 'none' ? undefined : { score: order.amount * 2 };
    }),
    { onError: { description: 'dead letter', decide: () => ({ action: 'deadLetter', topic: undefined }) } },
  );
  return { app, orders, large, score };
}

it('runs an app on a broker in memory: send, next, settled', async () => {
  const { app, orders, large } = shop();
  const t = await testApp(app);
  try {
    await t.send(orders, { key: 'u1', value: { id: '1', user: 'u1', amount: 20_000 } });
    await t.send(orders, { key: 'u2', value: { id: '2', user: 'u2', amount: 5 } });
    expect(await t.next(large)).toMatchObject({ key: 'u1', value: { id: '1', amount: 20_000 } });
    await t.settled();
    expect(t.worker.stats().agents['pick-large']?.finished).toBe(2);
    await expect(t.next(large, 100)).rejects.toThrow(/no further record in "large-orders"/);
  } finally {
    await t.stop();
  }
});

it('starts another worker on the same broker, which goes on where the one before stopped', async () => {
  const { app, orders, large } = shop();
  const t = await testApp(app);
  try {
    await t.send(orders, { key: 'u1', value: { id: '1', user: 'u1', amount: 20_000 } });
    expect(await t.next(large)).toMatchObject({ value: { id: '1' } });
    await t.settled();
    const before = t.worker;
    await t.restart();
    expect(t.worker).not.toBe(before);
    expect([before.state, t.worker.state]).toEqual(['stopped', 'ready']);
    await t.send(orders, { key: 'u1', value: { id: '2', user: 'u1', amount: 30_000 } });
    expect(await t.next(large)).toMatchObject({ value: { id: '2' } });
    await t.settled();
    expect(t.worker.stats().agents['pick-large']?.finished).toBe(1);
  } finally {
    await t.stop();
  }
});

it('two apps of the same id do not meet', async () => {
  const [one, two] = [shop(), shop()];
  const [a, b] = await Promise.all([testApp(one.app), testApp(two.app)]);
  try {
    await a.send(one.orders, { key: 'u1', value: { id: '1', user: 'u1', amount: 20_000 } });
    await a.next(one.large);
    await expect(b.next(two.large, 100)).rejects.toThrow(/no further record/);
  } finally {
    await Promise.all([a.stop(), b.stop()]);
  }
});

it('an agent can be asked, and says so when it has no answer', async () => {
  const { app, score } = shop();
  const t = await testApp(app);
  try {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => score.ask({ id: String(n), user: 'u', amount: n })));
    expect(answers.map((answer) => answer.score)).toEqual(Array.from({ length: 20 }, (_, n) => n * 2));
    await expect(score.ask({ id: 'none', user: 'u', amount: 1 })).rejects.toMatchObject({ code: 'ANSWER', message: /without an output/ });
    await expect(score.ask({ id: 'bad', user: 'u', amount: 1 })).rejects.toThrow(/dead-letter topic: cannot score that/);
    await expect(score.ask({ id: 1, user: 'u', amount: 1 } as never)).rejects.toMatchObject({ code: 'VALIDATION' });
    await score.cast({ id: 'cast', user: 'u', amount: 1 }, { key: 'u9' });
    await t.settled();
    expect(t.worker.stats().agents.score?.finished).toBe(23);
  } finally {
    await t.stop();
  }
});

it('a topic of another app that is sent through it goes to its own broker, and nothing to that of the other app', async () => {
  const elsewhere = await startBroker();
  const other = new App({ id: 'other', brokers: [elsewhere.address] });
  // KAFKA_BROKERS chooses the run's broker; this app has one of its own.
  other.configure({ env: {} });
  const events = other.topic('events-of-another', { key: string(), value: json(Order), partitions: 3 });
  const app = new App({ id: 'reader', metadataMaxAgeMs: 200 });
  const seen = app.topic('seen', { key: string(), value: json(Order) });
  app.agent(
    'read',
    app.topic(/^events-/, { key: string(), value: json(Order) }),
    async function* (stream) {
      for await (const { value } of stream) yield value;
    },
    { to: seen },
  );
  const t = await testApp(app);
  try {
    const value = { id: '1', user: 'u1', amount: 1 };
    expect(await t.send(events, { key: 'u1', value })).toMatchObject({ topic: events.name });
    expect(await t.next(seen, 20_000)).toMatchObject({ key: 'u1', value });
    expect(await t.next(events)).toMatchObject({ key: 'u1', value });
    await expect((async () => t.send(events, { key: 'u1', value: { id: 1 } as never }))()).rejects.toMatchObject({ code: 'VALIDATION' });
    await t.sendRaw(events, { key: 'u2', value: 'not JSON' });
    await vi.waitFor(async () => expect(await t.deadLetters(events)).toMatchObject([{ topic: events.name, code: 'DECODE' }]), 10_000);
    expect(await (await (await other.client()).admin()).listTopics()).toEqual([]);
  } finally {
    await Promise.all([t.stop(), other.stop()]);
    await elsewhere.close();
  }
});

it('what an agent sends to a topic of another app, or asks of its agents, does not reach the broker of that app', async () => {
  const elsewhere = await startBroker();
  const other = new App({ id: 'billing', brokers: [elsewhere.address] });
  other.configure({ env: {} });
  const bills = other.topic('bills', { key: string(), value: json(Order), partitions: 2 });
  const auditor = other.agent(
    'audit',
    bills,
    each(() => ({ ok: true })),
  );
  const app = new App({ id: 'shop-under-test' });
  const orders = app.topic('orders-to-bill', { key: string(), value: json(Order) });
  app.agent(
    'bill',
    orders,
    each(async (value) => {
      await bills.send({ key: value.user, value });
      void bills.tombstone({ key: 'gone' });
      await auditor.cast(value, { key: 'cast' });
      await auditor.ask(value, { timeoutMs: 1_000 });
    }),
    { onError: deadLetter() },
  );
  const t = await testApp(app);
  try {
    await t.send(orders, { key: 'u1', value: { id: '1', user: 'u1', amount: 1 } });
    const refused = expect.stringContaining('agent "audit" of app "billing"');
    await vi.waitFor(async () => expect(await t.deadLetters(orders)).toMatchObject([{ code: 'USAGE', message: refused }]), 10_000);
    const sent = [await t.next(bills), await t.next(bills), await t.next(bills)];
    expect(sent.map(({ key }) => key).toSorted()).toEqual(['cast', 'gone', 'u1']);
    expect(await (await (await other.client()).admin()).listTopics()).toEqual([]);
  } finally {
    await Promise.all([t.stop(), other.stop()]);
    await elsewhere.close();
  }
});

it('bytes can be sent past the serdes, and dead letters be read with their origin, error and bytes', async () => {
  const { app, orders } = shop();
  const t = await testApp(app);
  try {
    expect(await t.deadLetters(orders)).toEqual([]);
    const value = Buffer.from('{"id": 1');
    await t.sendRaw(orders, { key: 'k', value, headers: { h: 'x' }, partition: 1, timestamp: 5 });
    await t.sendRaw('orders', { value: '[]' });
    await t.send(orders, { key: 'u1', value: { id: 'bad', user: 'u1', amount: 1 } });
    await t.settled();
    const letters = await t.deadLetters(orders);
    expect(letters).toHaveLength(3);
    expect(letters).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ topic: 'orders', partition: 1, offset: 0, timestamp: 5, code: 'DECODE', agent: undefined, value }),
        expect.objectContaining({ code: 'DECODE', key: null, value: Buffer.from('[]') }),
        expect.objectContaining({ agent: 'score', error: 'TypeError', message: 'cannot score that', key: Buffer.from('u1') }),
      ]),
    );
    await t.sendRaw(orders, { key: 'k', value: null });
    await t.settled();
    expect(await t.deadLetters(orders)).toHaveLength(3);
  } finally {
    await t.stop();
  }
});
