import { type App, each, json, string } from 'streamerjs';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createTopicsOf, started, testAppOf, until } from '../helpers/app.ts';
import { unique, withAdmin } from '../helpers/broker.ts';

const Item = z.object({ n: z.number() });
const running: App[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

function collector(id: string, topic: string, seen: number[], options = {}) {
  const app = testAppOf('gone', { id, ...options });
  running.push(app);
  const items = app.topic(topic, { key: string(), value: json(Item) });
  app.agent(
    'collect',
    items,
    each(({ n }) => void seen.push(n)),
  );
  return { app, items };
}

const cut = (topic: string, offset: string) =>
  withAdmin(async (admin) => {
    // This client deletes only where it has looked before.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] });
  });

describe('records that are gone before they were read', () => {
  it('stop the worker with a message that says what to do', async () => {
    const [id, topic] = [unique('gone'), unique('items')];
    const first = collector(id, topic, []);
    await started(first.app);
    await first.app.stop();
    const sender = collector(unique('sender'), topic, []);
    for (let n = 0; n < 10; n++) await sender.items.send({ key: 'k', value: { n } });
    await cut(topic, '5');
    const second = collector(id, topic, []);
    const worker = second.app.start();
    await expect(worker).rejects.toMatchObject({
      code: 'REFUSED',
      message: /should go on at 0, the log holds 5 to 10/,
      next: /--on-offset-out-of-range/,
    });
  });

  it.each([
    ['earliest', [5, 6, 7, 8, 9, 10]],
    ['latest', [10]],
  ] as const)('go on at the %s record when told so', async (onOffsetOutOfRange, expected) => {
    const [id, topic] = [unique('gone'), unique('items')];
    const first = collector(id, topic, []);
    await started(first.app);
    await first.app.stop();
    const sender = collector(unique('sender'), topic, []);
    for (let n = 0; n < 10; n++) await sender.items.send({ key: 'k', value: { n } });
    await cut(topic, '5');
    const seen: number[] = [];
    const second = collector(id, topic, seen, { onOffsetOutOfRange });
    await second.app.start();
    await sender.items.send({ key: 'k', value: { n: 10 } });
    await until(() => seen.includes(10), Boolean);
    expect(seen).toEqual(expected);
  });

  it('stop the worker also when they vanish while it runs', async () => {
    const { app, items } = collector(unique('gone'), unique('items'), [], { queueRecords: 10 });
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    app.agent(
      'slow',
      items,
      each(() => gate),
      { order: 'partition' },
    );
    const worker = await started(app);
    const stopped = expect(worker.stopped).rejects.toMatchObject({ code: 'REFUSED', next: /--on-offset-out-of-range/ });
    const big = 'x'.repeat(100_000);
    for (let n = 0; n < 60; n++) await items.send({ key: 'k', value: { n, big } as never });
    await cut(items.name, '60');
    await items.send({ key: 'k', value: { n: 60 } });
    open();
    await stopped;
  });
});

describe('topics that change', () => {
  it('a topic that appears later and matches a pattern is read from its beginning', async () => {
    const prefix = unique('pattern');
    const app = testAppOf('pattern', { metadataMaxAgeMs: 500 });
    running.push(app);
    const seen: number[] = [];
    app.agent(
      'collect',
      app.topic(new RegExp(`^${prefix}-`), { key: string(), value: json(Item) }),
      each(({ n }) => void seen.push(n)),
    );
    await createTopicsOf(app);
    const worker = await app.start();
    expect(worker.stats().assigned).toEqual([]);
    for (const [n, name] of [`${prefix}-a`, `${prefix}-b`].entries()) {
      const sender = testAppOf('sender');
      running.push(sender);
      const topic = sender.topic(name, { key: string(), value: json(Item) });
      await createTopicsOf(sender);
      await topic.send({ key: 'k', value: { n } });
      await until(() => seen.includes(n), Boolean);
    }
    expect(worker.stats().assigned.length).toBe(2);
  });

  it('a partition that is added is read from its beginning', async () => {
    const seen: number[] = [];
    const { app, items } = collector(unique('grow'), unique('items'), seen, { metadataMaxAgeMs: 500 });
    await createTopicsOf(app);
    const worker = await app.start();
    await items.send({ key: 'k', value: { n: 0 } });
    await until(
      () => seen.length,
      (count) => count === 1,
    );
    await withAdmin((admin) => admin.createPartitions({ topicPartitions: [{ topic: items.name, count: 2 }] }));
    const sender = testAppOf('sender');
    running.push(sender);
    await sender.topic(items.name, { key: string(), value: json(Item) }).send({ key: 'k', value: { n: 1 }, partition: 1 });
    await until(
      () => worker.stats().assigned.length,
      (count) => count === 2,
      75_000,
    );
    await until(() => seen.includes(1), Boolean);
  });
});
