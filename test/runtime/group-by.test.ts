import { App, type AppOptions, bytes, each, json, string, type WorkerEvents } from 'streamerjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { KafkaAdmin, KafkaClient } from '../../src/kafka/client.ts';
import { Truncation } from '../../src/runtime/repartition/truncation.ts';
import { systemClock } from '../../src/timing/index.ts';
import { started, testAppOf, until } from '../helpers/app.ts';
import { createTopic, readAll, unique, withProducer } from '../helpers/broker.ts';
import { createClient } from '../kafka/support/recorder.ts';

const Order = z.object({ user: z.string(), n: z.number(), note: z.string().optional() });

let client: KafkaClient;
let admin: KafkaAdmin;
const closing: Array<() => Promise<unknown>> = [];

beforeAll(async () => {
  client = createClient('group-by');
  admin = await client.admin();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(() => client.close());

function appOf(options: Partial<AppOptions> = {}) {
  const app = testAppOf('group-by', options);
  closing.push(() => app.stop());
  const orders = app.topic(unique('orders'), { key: string(), value: json(Order), partitions: 3 });
  return { app, orders };
}

const countSpecs = (app: App) => Object.fromEntries(app.topicSpecs().map(({ name, partitions }) => [name, partitions]));

describe('events under another key', () => {
  it('come in the order of their partition, with their bytes, times and headers', async () => {
    const { app, orders } = appOf();
    const seen: string[] = [];
    app.agent(
      'per-user',
      orders.groupBy((order) => order.user, { key: string(), name: 'by-user' }),
      each(({ n }, { key, timestamp, headers }) => void seen.push(`${key} ${n} ${timestamp} ${headers['h']}`)),
    );
    await started(app);
    const messages = Array.from({ length: 200 }, (_, n) => ({
      key: `k${n % 7}`,
      partition: 1,
      value: `{ "n": ${n},  "user": "u${n % 3}" }`,
      timestamp: String(1_700_000_000_000 + n),
      headers: { h: `h${n}` },
    }));
    await withProducer((producer) => producer.send({ topic: orders.name, messages }));
    await until(
      () => seen.length,
      (length) => length >= 200,
    );
    for (const user of [0, 1, 2]) {
      const expected = Array.from({ length: 200 }, (_, n) => n).filter((n) => n % 3 === user);
      expect(seen.filter((line) => line.startsWith(`u${user} `))).toEqual(
        expected.map((n) => `u${user} ${n} ${1_700_000_000_000 + n} h${n}`),
      );
    }
    const between = await readAll(`${app.id}-by-user-repartition`);
    expect(between.map(({ value }) => String(value)).sort()).toEqual(messages.map(({ value }) => value).sort());
    const partitions = new Map(between.map(({ key, partition }) => [String(key), partition]));
    expect(partitions.size).toBe(3);
    for (const { key, partition } of between) expect(partition).toBe(partitions.get(String(key)));
  });

  it('may be tombstones, whose new key the function finds in the event', async () => {
    const app = testAppOf('group-by');
    closing.push(() => app.stop());
    const users = app.topic(unique('users'), { key: string(), value: json(Order), tombstones: 'deliver' });
    const seen: Array<[string, number | null]> = [];
    app.agent(
      'by-first-letter',
      users.groupBy((user, { key }) => (user === null ? 'gone' : key.slice(0, 1)), { key: string(), name: 'letters' }),
      each((user, { key }) => void seen.push([key, user?.n ?? null])),
    );
    await started(app);
    await users.send({ key: 'ann', value: { user: 'ann', n: 1 } });
    await users.tombstone({ key: 'ann' });
    await until(
      () => seen.length,
      (length) => length === 2,
    );
    expect(seen).toEqual([
      ['a', 1],
      ['gone', null],
    ]);
  });

  it('that have none are dead letters at once, and hold up no other', async () => {
    const { app, orders } = appOf();
    const seen: number[] = [];
    app.agent(
      'per-note',
      orders.groupBy(
        (order) => {
          if (order.note === undefined) throw new RangeError('no note');
          return order.note;
        },
        { key: string(), name: 'by-note' },
      ),
      each(({ n }) => void seen.push(n)),
    );
    const worker = await started(app);
    const letter = new Promise<WorkerEvents['deadLetter'][0]>((resolve) => worker.on('deadLetter', resolve));
    await orders.send({ key: 'a', value: { user: 'u', n: 1 }, partition: 0 });
    await orders.send({ key: 'a', value: { user: 'u', n: 2, note: 'x' }, partition: 0 });
    expect(await letter).toMatchObject({ agent: 'by-note-repartition' });
    const [written] = await readAll(`${orders.name}.${app.id}.dlq`);
    expect(String(written?.headers?.['streamer.dlq.attempts'])).toBe('1');
    await until(
      () => seen.length,
      (length) => length === 1,
    );
    expect(seen).toEqual([2]);
  });

  it('may be put under a third key', async () => {
    const { app, orders } = appOf();
    const seen: string[] = [];
    app.agent(
      'twice',
      orders
        .groupBy((order) => order.user, { key: string(), name: 'first' })
        .groupBy((order, { key }) => `${key}-${order.n % 2}`, { key: string(), name: 'second' }),
      each(({ n }, { key }) => void seen.push(`${key} ${n}`)),
    );
    await started(app);
    for (const n of [1, 2, 3]) await orders.send({ key: 'k', value: { user: 'u', n } });
    await until(
      () => seen.length,
      (length) => length === 3,
    );
    expect(seen.sort()).toEqual(['u-0 2', 'u-1 1', 'u-1 3']);
  });
});

describe('the topic between', () => {
  it('is named by the table or by the name option, whatever its agent is called', () => {
    const declared = (agent: string) => {
      const app = new App({ id: 'shop' });
      const orders = app.topic('orders', { key: string(), value: json(Order), partitions: 5 });
      const perUser = app.table('per-user', { key: string(), value: bytes() });
      app.agent(
        agent,
        orders.groupBy((order) => order.user, { key: string() }),
        each(() => {}),
        { tables: [perUser] },
      );
      app.validate();
      return app;
    };
    for (const agent of ['count', 'renamed']) {
      const app = declared(agent);
      expect([...app.agents.keys()].sort()).toEqual([agent, 'per-user-repartition'].sort());
      expect(countSpecs(app)).toEqual({
        orders: 5,
        'orders.shop.dlq': 5,
        'shop-per-user-repartition': 5,
        'shop-per-user-repartition.shop.dlq': 5,
        'shop-per-user-changelog': 5,
      });
      expect(app.topicSpecs().find(({ name }) => name === 'shop-per-user-repartition')).toMatchObject({
        internal: true,
        repartitionOf: 'orders',
        configs: { 'cleanup.policy': 'delete', 'retention.ms': '-1' },
      });
    }
  });

  it('has the partitions of the topics that it is read with', () => {
    const app = new App({ id: 'shop' });
    const orders = app.topic('orders', { key: string(), value: json(Order), partitions: 2 });
    const users = app.topic('users', { key: string(), value: json(Order), partitions: 7 });
    const perUser = app.table('per-user', { key: string(), value: bytes() });
    const byUser = orders.groupBy((order) => order.user, { key: string(), name: 'by-user' });
    app.agent(
      'write',
      users,
      each(() => {}),
      { tables: [perUser] },
    );
    app.agent(
      'read',
      byUser,
      each(() => {}),
      { reads: [perUser] },
    );
    app.validate();
    expect(countSpecs(app)).toMatchObject({ 'shop-by-user-repartition': 7, 'shop-per-user-changelog': 7, orders: 2 });
  });

  it('needs a name where nothing gives one, and one name alone', () => {
    const app = new App({ id: 'shop' });
    const orders = app.topic('orders', { key: string(), value: json(Order) });
    const [a, b] = ['a', 'b'].map((name) => app.table(name, { key: string(), value: bytes() }));
    const byUser = orders.groupBy((order) => order.user, { key: string() });
    const reading = (tables: NonNullable<Parameters<typeof app.agent<string, unknown, never, never>>[3]>['tables']) => () =>
      app.agent(
        unique('agent'),
        byUser,
        each(() => {}),
        { tables },
      );
    expect(reading([])).toThrow(/nothing names the topic of the groupBy that it reads: it writes no table/);
    expect(reading([a!, b!])).toThrow(/it writes 2 tables/);
    reading([a!])();
    expect(reading([b!])).toThrow('one stream is read as "shop-a-repartition" and as "shop-b-repartition"');
    expect(() => orders.groupBy((order) => order.user, { key: string(), name: 'a b' })).toThrow(/groupBy: name: expected 1 to 80 letters/);
    expect(() => orders.groupBy(undefined as never, { key: string() })).toThrow(/expected a function, got undefined/);
    expect(() => orders.groupBy((order) => order.user, {} as never)).toThrow(/groupBy: key: expected a serde/);
  });

  it('is matched by no pattern', async () => {
    const { app, orders } = appOf();
    const seen: string[] = [];
    app.agent(
      'per-user',
      orders.groupBy((order) => order.user, { key: string(), name: 'by-user' }),
      each(() => {}),
    );
    app.agent(
      'all',
      app.topic(new RegExp(app.id)),
      each((_, { topic }) => void seen.push(topic)),
    );
    const other = await createTopic(app.id);
    await started(app);
    await orders.send({ key: 'k', value: { user: 'u', n: 1 } });
    await until(
      async () => (await readAll(`${app.id}-by-user-repartition`)).length,
      (length) => length === 1,
    );
    await withProducer((producer) => producer.send({ topic: other, messages: [{ value: 'x' }] }));
    await until(
      () => seen.length,
      (length) => length > 0,
    );
    expect(seen).toEqual([other]);
  });
});

describe('records that are committed past', () => {
  const truncationOf = (topic: string, inputs: () => Array<{ partition: number; lastCommit: number | undefined }>, warnings: string[]) => {
    const truncation = new Truncation({
      admin: async () => admin,
      topics: new Set([topic]),
      inputs: () => inputs().map(({ partition, lastCommit }) => ({ partition: { topic, partition }, lastCommit })),
      clock: systemClock,
      tell: (event, ...[told]) => void (event === 'warning' && warnings.push((told as { error: Error }).error.message)),
      everyMs: 20,
    });
    closing.push(async () => truncation.stop());
    truncation.start();
  };

  it('are deleted, and no other', async () => {
    const topic = await createTopic('between', { partitions: 3 });
    const messages = [0, 1, 2].flatMap((partition) => Array.from({ length: 10 }, (_, n) => ({ partition, value: String(n) })));
    await withProducer((producer) => producer.send({ topic, messages }));
    let second: number | undefined;
    const warnings: string[] = [];
    truncationOf(
      topic,
      () => [
        { partition: 0, lastCommit: 4 },
        { partition: 1, lastCommit: second },
      ],
      warnings,
    );
    const starts = async () => (await admin.watermarks(topic)).map(({ earliest }) => earliest);
    await until(starts, ([first]) => first === 4);
    expect(await starts()).toEqual([4, 0, 0]);
    second = 10;
    await until(starts, ([, next]) => next === 10);
    expect(await starts()).toEqual([4, 10, 0]);
    expect(warnings).toEqual([]);
  });

  it('that cannot be deleted are reported once', async () => {
    const topic = await createTopic('between');
    await withProducer((producer) => producer.send({ topic, messages: [{ key: 'k', value: 'v' }] }));
    let looks = 0;
    const warnings: string[] = [];
    const inputs = () => {
      looks++;
      return [{ partition: 0, lastCommit: 99 }];
    };
    truncationOf(topic, inputs, warnings);
    await until(
      () => looks,
      (count) => count > 3,
    );
    expect(warnings).toEqual([expect.stringContaining(`records of "${topic}" that are done cannot be deleted, and it grows`)]);
  });
});
