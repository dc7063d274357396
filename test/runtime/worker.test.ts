import { type App, deadLetter, each, filter, forward, json, number, optional, retry, skip, stop, string } from 'streamerjs';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { started, testAppOf, until } from '../helpers/app.ts';
import { readAll, unique } from '../helpers/broker.ts';

const Order = z.object({ id: z.string(), amount: z.number() });
const order = (id: string, amount = 1) => ({ id, amount });
const running: App[] = [];

function anApp(name: string, options = {}): App {
  const app = testAppOf(name, options);
  running.push(app);
  return app;
}

afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

function ordersOf(app: App, options: { partitions?: number } = {}) {
  return app.topic(unique('orders'), { key: string(), value: json(Order), ...options });
}

const valuesOf = async (topic: string) => (await readAll(topic)).map((record) => JSON.parse(String(record.value)) as z.infer<typeof Order>);

describe('a worker', () => {
  it('runs a generator agent: outputs keep key, timestamp and headers', async () => {
    const app = anApp('pick-large');
    const orders = ordersOf(app);
    const large = app.topic(unique('large'), { key: string(), value: json(Order) });
    app.agent(
      'pick-large',
      orders,
      async function* (stream) {
        for await (const event of stream) if (event.value.amount > 10) yield event.value;
      },
      { to: large },
    );
    const worker = await started(app);
    for (let n = 1; n <= 20; n++) {
      await orders.send({
        key: `k${n}`,
        value: order(String(n), n),
        timestamp: 1_700_000_000_000 + n,
        headers: { from: 'test', n: String(n) },
      });
    }
    await until(
      () => worker.stats().agents['pick-large']?.finished,
      (finished) => finished === 20,
    );
    const records = await readAll(large.name);
    expect(records.map((record) => String(record.key)).sort()).toEqual(Array.from({ length: 10 }, (_, i) => `k${i + 11}`).sort());
    for (const record of records) {
      const n = String(record.key).slice(1);
      expect(record.timestamp).toBe(String(1_700_000_000_000 + Number(n)));
      expect(String(record.headers?.n)).toBe(n);
      expect(String(record.headers?.from)).toBe('test');
    }
  });

  it('goes on after the last commit when it is started again, and redoes nothing', async () => {
    const topic = unique('orders');
    const id = unique('again');
    const seen: string[] = [];
    const build = () => {
      const app = anApp('again', { id });
      const orders = app.topic(topic, { key: string(), value: json(Order) });
      app.agent(
        'collect',
        orders,
        each((value) => void seen.push(value.id)),
      );
      return { app, orders };
    };
    const first = build();
    await started(first.app);
    for (let n = 0; n < 10; n++) await first.orders.send({ key: 'k', value: order(String(n)) });
    await until(
      () => seen.length,
      (length) => length === 10,
    );
    await first.app.stop();
    const second = build();
    await second.app.start();
    await second.orders.send({ key: 'k', value: order('10') });
    await until(
      () => seen.length,
      (length) => length >= 11,
    );
    expect(seen).toEqual(Array.from({ length: 11 }, (_, n) => String(n)));
  });

  it('keeps the order of each key at high concurrency, with retries', async () => {
    const app = anApp('order');
    const orders = ordersOf(app, { partitions: 2 });
    const seen = new Map<string, number[]>();
    const failed = new Set<string>();
    app.agent(
      'order',
      orders,
      each(async (value, event) => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
        if (value.amount % 17 === 0 && !failed.has(value.id)) {
          failed.add(value.id);
          throw new Error('once');
        }
        seen.set(event.key, [...(seen.get(event.key) ?? []), value.amount]);
      }),
      { concurrency: 64, onError: retry({ attempts: 3, delayMs: 20 }) },
    );
    const worker = await started(app);
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => orders.send({ key: `k${n % 20}`, value: order(`${n}`, n) })));
    await until(
      () => worker.stats().agents.order?.finished,
      (finished) => finished === 1_000,
    );
    expect(failed.size).toBeGreaterThan(50);
    for (const amounts of seen.values()) expect(amounts).toEqual([...amounts].sort((a, b) => a - b));
  });

  it('runs one event of a partition at a time when the order is by partition', async () => {
    const app = anApp('partition');
    const orders = ordersOf(app);
    let inFlight = 0;
    let most = 0;
    const seen: number[] = [];
    app.agent(
      'serial',
      orders,
      each(async (value) => {
        most = Math.max(most, ++inFlight);
        await new Promise((resolve) => setTimeout(resolve, 1));
        seen.push(value.amount);
        inFlight--;
      }),
      { concurrency: 8, order: 'partition' },
    );
    await started(app);
    await Promise.all(Array.from({ length: 100 }, (_, n) => orders.send({ key: `k${n}`, value: order(`${n}`, n) })));
    await until(
      () => seen.length,
      (length) => length === 100,
    );
    expect(most).toBe(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('uses all lanes when there is no order to keep', async () => {
    const app = anApp('none');
    const orders = ordersOf(app);
    let inFlight = 0;
    let most = 0;
    app.agent(
      'any',
      orders,
      async (stream) => {
        for await (const _event of stream) {
          most = Math.max(most, ++inFlight);
          await new Promise((resolve) => setTimeout(resolve, 5));
          inFlight--;
        }
      },
      { concurrency: 8, order: 'none' },
    );
    const worker = await started(app);
    await Promise.all(Array.from({ length: 80 }, (_, n) => orders.send({ key: 'same', value: order(`${n}`, n) })));
    await until(
      () => worker.stats().agents.any?.finished,
      (finished) => finished === 80,
    );
    expect(most).toBe(8);
  });

  it('sends undecodable and invalid records to the dead-letter topic once, raw, with origin and error', async () => {
    const app = anApp('bad');
    const raw = unique('orders');
    const orders = app.topic(raw, { key: string(), value: json(Order), partitions: 1 });
    const seen: string[] = [];
    app.agent(
      'one',
      orders,
      each((value) => void seen.push(value.id)),
    );
    app.agent(
      'two',
      orders,
      each((value) => void seen.push(value.id)),
    );
    const worker = await started(app);
    const sender = anApp('sender');
    const plain = sender.topic(raw, { key: optional(string()) });
    await plain.send({ key: 'k', value: Buffer.from('{"id":'), headers: { origin: 'mine' } });
    await plain.send({ key: 'k', value: Buffer.from('{"id":1}') });
    await plain.send({ value: Buffer.from('{"id":"1","amount":1}') });
    await plain.send({ key: 'k', value: Buffer.from('{"id":"good","amount":1}') });
    await until(
      () => worker.stats().deadLettered,
      (count) => count === 3,
    );
    await until(
      () => seen.length,
      (length) => length === 2,
    );
    const letters = await readAll(`${raw}.${app.id}.dlq`);
    expect(letters.map((letter) => String(letter.value))).toEqual(['{"id":', '{"id":1}', '{"id":"1","amount":1}']);
    expect(letters.map((letter) => String(letter.headers?.['streamer.dlq.code']))).toEqual(['DECODE', 'VALIDATION', 'DECODE']);
    const headers = letters[0]!.headers!;
    expect(String(headers['streamer.dlq.topic'])).toBe(raw);
    expect(String(headers['streamer.dlq.partition'])).toBe('0');
    expect(String(headers['streamer.dlq.offset'])).toBe('0');
    expect(String(headers['streamer.dlq.message'])).toMatch(/not JSON/);
    expect(String(headers.origin)).toBe('mine');
    expect(letters[2]!.key).toBeNull();
    expect(seen).toEqual(['good', 'good']);
  });

  it('dead-letters a failing event after its tries, and goes on', async () => {
    const app = anApp('failing');
    const orders = ordersOf(app);
    let tries = 0;
    app.agent(
      'picky',
      orders,
      async (stream) => {
        for await (const event of stream) {
          if (event.value.id === 'poison') {
            tries++;
            throw new TypeError('cannot take it');
          }
        }
      },
      { onError: retry({ attempts: 3, delayMs: 5 }).otherwise(deadLetter()) },
    );
    const worker = await started(app);
    for (const id of ['a', 'poison', 'b']) await orders.send({ key: 'k', value: order(id) });
    await until(
      () => worker.stats().agents.picky?.finished,
      (finished) => finished === 3,
    );
    expect(tries).toBe(3);
    const [letter] = await readAll(`${orders.name}.${app.id}.dlq`);
    expect(JSON.parse(String(letter!.value))).toEqual(order('poison'));
    expect(
      Object.fromEntries(
        ['error', 'message', 'attempts', 'agent', 'app'].map((name) => [name, String(letter!.headers![`streamer.dlq.${name}`])]),
      ),
    ).toEqual({
      error: 'TypeError',
      message: 'cannot take it',
      attempts: '3',
      agent: 'picky',
      app: app.id,
    });
  });

  it('isolates the poison event of a batch', async () => {
    const app = anApp('batch');
    const orders = ordersOf(app);
    const sums: number[] = [];
    app.agent(
      'sum',
      orders,
      async (stream) => {
        for await (const batch of stream.take(10, 50)) {
          if (batch.some((event) => event.value.id === 'poison')) throw new Error('poison');
          sums.push(batch.reduce((sum, { value }) => sum + value.amount, 0));
        }
      },
      { onError: deadLetter() },
    );
    const worker = await started(app);
    await Promise.all(Array.from({ length: 25 }, (_, n) => orders.send({ key: 'k', value: order(n === 7 ? 'poison' : String(n)) })));
    await until(
      () => worker.stats().agents.sum?.finished,
      (finished) => finished === 25,
    );
    expect(sums.reduce((a, b) => a + b, 0)).toBe(24);
    expect(sums.some((sum) => sum > 1)).toBe(true);
    expect((await valuesOf(`${orders.name}.${app.id}.dlq`)).map(({ id }) => id)).toEqual(['poison']);
  });

  it('skips by policy, visibly', async () => {
    const app = anApp('skip');
    const orders = ordersOf(app);
    app.agent(
      'skipping',
      orders,
      each(() => {
        throw new Error('no');
      }),
      { onError: skip() },
    );
    const worker = await started(app);
    const skipped: unknown[] = [];
    worker.on('skipped', (event) => skipped.push(event.offset));
    await orders.send({ key: 'k', value: order('1') });
    await until(
      () => worker.stats().agents.skipping?.skipped,
      (count) => count === 1,
    );
    expect(skipped).toEqual([0]);
    expect(await readAll(`${orders.name}.${app.id}.dlq`)).toEqual([]);
  });

  it('stops by policy and leaves the event unfinished', async () => {
    const id = unique('stop');
    const topic = unique('orders');
    const build = (fails: boolean, seen: string[]) => {
      const app = anApp('stop', { id });
      const orders = app.topic(topic, { key: string(), value: json(Order) });
      app.agent(
        'careful',
        orders,
        each((value) => {
          if (fails && value.id === '1') throw new Error('cannot go on');
          seen.push(value.id);
        }),
        { onError: stop() },
      );
      return { app, orders };
    };
    const first = build(true, []);
    const worker = await started(first.app);
    await first.orders.send({ key: 'k', value: order('0') });
    await first.orders.send({ key: 'k', value: order('1') });
    await expect(worker.stopped).rejects.toMatchObject({ message: 'cannot go on', place: { agent: 'careful', offset: 1 } });
    await first.app.stop();
    const seen: string[] = [];
    const second = build(false, seen);
    await second.app.start();
    await until(() => seen.includes('1'), Boolean);
  });

  it('waits for what cannot be reached, without counting tries, and resumes by itself', async () => {
    const app = anApp('waits');
    const orders = ordersOf(app);
    let isDown = true;
    let tries = 0;
    app.agent(
      'caller',
      orders,
      each(async () => {
        tries++;
        if (isDown) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      }),
      { onError: retry({ attempts: 1 }) },
    );
    const worker = await started(app);
    const told: string[] = [];
    worker.on('waiting', ({ agent }) => told.push(`waiting ${agent}`)).on('resumed', ({ agent }) => told.push(`resumed ${agent}`));
    await orders.send({ key: 'k', value: order('1') });
    await until(
      () => tries,
      (count) => count >= 2,
    );
    expect(worker.stats().agents.caller?.waitingSince).toBeTypeOf('number');
    isDown = false;
    await until(
      () => worker.stats().agents.caller?.finished,
      (finished) => finished === 1,
    );
    expect(told).toEqual(['waiting caller', 'resumed caller']);
    expect(worker.stats().deadLettered).toBe(0);
  });

  it('ends a handler that takes too long, aborts its signal, and applies the policy', async () => {
    const app = anApp('slow');
    const orders = ordersOf(app);
    const aborted: string[] = [];
    const hang = (event: { signal: AbortSignal; offset: number }, agent: string) =>
      new Promise<void>((resolve) =>
        event.signal.addEventListener('abort', () => {
          aborted.push(agent);
          resolve();
        }),
      );
    app.agent(
      'each',
      orders,
      each((value, event) => (value.id === 'slow' ? hang(event, 'each') : undefined)),
      {
        timeoutMs: 50,
        onError: deadLetter(),
      },
    );
    app.agent(
      'loop',
      orders,
      async (stream) => {
        for await (const event of stream) if (event.value.id === 'slow') await hang(event, 'loop');
      },
      { timeoutMs: 50, onError: deadLetter() },
    );
    const worker = await started(app);
    for (const id of ['a', 'slow', 'b']) await orders.send({ key: 'k', value: order(id) });
    await until(
      () => worker.stats().agents,
      ({ each, loop }) => each?.finished === 3 && loop?.finished === 3,
    );
    expect(aborted.sort()).toEqual(['each', 'loop']);
    const letters = await readAll(`${orders.name}.${app.id}.dlq`);
    expect(letters.map((letter) => String(letter.headers?.['streamer.dlq.code']))).toEqual(['TIMEOUT', 'TIMEOUT']);
  });

  it('fails only the event whose output is refused, and those that share its request are delivered', async () => {
    const app = anApp('oversized');
    const orders = ordersOf(app);
    const out = app.topic(unique('out'), { key: string(), value: string() });
    app.agent(
      'grow',
      orders,
      each((value) => (value.id === 'big' ? 'x'.repeat(2_000_000) : value.id)),
      { to: out, concurrency: 50 },
    );
    const worker = await started(app);
    await Promise.all(Array.from({ length: 50 }, (_, n) => orders.send({ key: `k${n}`, value: order(n === 20 ? 'big' : String(n)) })));
    await until(
      () => worker.stats().agents.grow?.finished,
      (finished) => finished === 50,
    );
    expect((await readAll(out.name)).length).toBe(49);
    const [letter] = await readAll(`${orders.name}.${app.id}.dlq`);
    expect(JSON.parse(String(letter!.value)).id).toBe('big');
    expect(String(letter!.headers!['streamer.dlq.message'])).toMatch(/large/i);
  });

  it('dead-letters an event whose output does not fit the sink, without trying again', async () => {
    const app = anApp('misfit');
    const orders = ordersOf(app);
    const out = app.topic(unique('out'), { key: string(), value: json(z.object({ n: z.number() })) });
    let calls = 0;
    app.agent(
      'misfit',
      orders,
      async function* (stream) {
        for await (const event of stream) {
          calls++;
          yield { n: event.value.id === 'bad' ? ('no number' as unknown as number) : 1 };
        }
      },
      { to: out },
    );
    const worker = await started(app);
    for (const id of ['bad', 'good']) await orders.send({ key: 'k', value: order(id) });
    await until(
      () => worker.stats().agents.misfit?.finished,
      (finished) => finished === 2,
    );
    expect(calls).toBe(2);
    expect((await readAll(out.name)).length).toBe(1);
    expect(worker.stats().deadLettered).toBe(1);
  });

  it('skips tombstones unless the topic delivers them; forward passes them always', async () => {
    const app = anApp('tombstones');
    const orders = ordersOf(app);
    const copy = app.topic(unique('copy'), { key: string(), value: json(Order) });
    const seen: unknown[] = [];
    app.agent(
      'see',
      orders,
      each((value) => void seen.push(value.id)),
    );
    app.agent('copy', orders, forward(), { to: copy });
    const worker = await started(app);
    await orders.send({ key: 'a', value: order('1') });
    await orders.tombstone({ key: 'a' });
    await until(
      () => worker.stats().agents.copy?.finished,
      (finished) => finished === 2,
    );
    expect(seen).toEqual(['1']);
    expect(worker.stats().tombstonesSkipped).toBe(1);
    expect((await readAll(copy.name)).map((record) => record.value?.toString() ?? null)).toEqual(['{"id":"1","amount":1}', null]);
  });

  it('hands outputs to several topics, to topics chosen by a function, and to plain functions', async () => {
    const app = anApp('sinks');
    const orders = ordersOf(app);
    const small = app.topic(unique('small'), { key: string(), value: json(Order) });
    const big = app.topic(unique('big'), { key: string(), value: json(Order) });
    const all = app.topic(unique('all'), { key: string(), value: json(Order) });
    const written: number[] = [];
    app.agent('route', orders, forward(), {
      to: [
        all,
        (value) => (value.amount < 10 ? small : big),
        async (value) => {
          await Promise.resolve();
          written.push(value.amount);
        },
      ],
    });
    app.agent(
      'evens',
      orders,
      filter((value) => value.amount % 2 === 0),
      { to: (value) => void written.push(-value.amount) },
    );
    const worker = await started(app);
    for (let n = 0; n < 20; n++) await orders.send({ key: 'k', value: order(String(n), n) });
    await until(
      () => worker.stats().agents,
      ({ route, evens }) => route?.finished === 20 && evens?.finished === 20,
    );
    expect([(await readAll(all.name)).length, (await readAll(small.name)).length, (await readAll(big.name)).length]).toEqual([20, 10, 10]);
    expect(written.filter((n) => n > 0).length).toBe(19);
    expect(written.filter((n) => n < 0).length).toBe(9);
  });

  it('counts sends inside an agent as outputs of the event: a refused one fails it', async () => {
    const app = anApp('inner-send');
    const orders = ordersOf(app);
    const out = app.topic(unique('out'), { key: string(), value: number() });
    app.agent('sends', orders, async (stream) => {
      for await (const { key, value } of stream)
        void out.send({ key, value: value.id === 'bad' ? ('x' as never) : value.amount }).catch(() => {});
    });
    app.agent(
      'awaits',
      orders,
      each(async (value, event) => {
        await out.send({ key: event.key, value: value.amount, partition: value.id === 'bad' ? 99 : 0 });
      }),
    );
    const worker = await started(app);
    for (const id of ['a', 'bad', 'b']) await orders.send({ key: 'k', value: order(id) });
    await until(
      () => worker.stats().agents,
      ({ sends, awaits }) => sends?.finished === 3 && awaits?.finished === 3,
    );
    expect((await readAll(out.name)).length).toBe(4);
    expect(worker.stats().agents.awaits?.failed).toBe(1);
  });
});
