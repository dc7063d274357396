import { type App, each, string, type WorkerEvents } from 'streamerjs';
import { startBroker } from 'streamerjs/broker';
import { afterEach, describe, expect, it } from 'vitest';
import { started, testAppOf, until } from '../helpers/app.ts';
import { unique } from '../helpers/broker.ts';

const closing: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function appOf(name: string, handle: () => void, options: Parameters<typeof testAppOf>[1] = {}) {
  const app: App = testAppOf(name, options);
  closing.push(() => app.stop());
  const items = app.topic(unique('items'), { key: string(), value: string(), partitions: 1 });
  app.agent('work', items, each(handle));
  return { app, items };
}

describe('a worker without contact to its group', () => {
  it('names the event whose handler blocked the event loop for a third of the session', async () => {
    let isBlocking = true;
    const { app, items } = appOf(
      'blocked',
      () => {
        for (const until = Date.now() + (isBlocking ? 2_500 : 0); Date.now() < until; );
        isBlocking = false;
      },
      { sessionTimeoutMs: 6_000 },
    );
    const worker = await started(app);
    const blocked = new Promise<WorkerEvents['blocked'][0]>((resolve) => worker.on('blocked', resolve));
    await items.send({ key: 'k7', value: 'x' });
    const seen = await blocked;
    expect(seen).toMatchObject({ agent: 'work', topic: items.name, partition: 0, offset: 0, key: 'k7', sessionTimeoutMs: 6_000 });
    expect(seen.forMs).toBeGreaterThan(2_000);
  });

  it('names the handler that blocked, not one that started behind it, and one that went on after a wait', async () => {
    const { app, items } = appOf('innocent', () => {}, { sessionTimeoutMs: 6_000 });
    const others = app.topic(unique('others'), { key: string(), value: string(), partitions: 1 });
    const block = () => {
      for (const until = Date.now() + 2_300; Date.now() < until; );
    };
    app.agent(
      'at-once',
      others,
      each((value) => (value === 'at-once' ? block() : undefined)),
    );
    app.agent(
      'later',
      others,
      each(async (value) => {
        if (value !== 'later') return;
        await new Promise((resolve) => setTimeout(resolve, 900));
        block();
        await new Promise((resolve) => setTimeout(resolve, 1_500));
      }),
    );
    const worker = await started(app);
    const seen: Array<WorkerEvents['blocked'][0]> = [];
    worker.on('blocked', (event) => seen.push(event));
    for (const value of ['at-once', 'later']) {
      const count = seen.length;
      await others.send({ key: value, value });
      await items.send({ key: value, value });
      await until(
        () => seen.length,
        (length) => length > count,
      );
    }
    expect(seen.map(({ agent, suspects }) => ({ agent, first: suspects[0] }))).toEqual([
      { agent: 'at-once', first: 'at-once' },
      { agent: 'later', first: 'later' },
    ]);
  });

  it('does not say that it has committed what it could not commit', async () => {
    const broker = await startBroker();
    closing.push(() => broker.close());
    const { app, items } = appOf('uncommitted', () => {}, { brokers: [broker.address], commitIntervalMs: 60_000 });
    const worker = await started(app);
    await items.send({ key: 'k', value: 'x' });
    await until(
      () => worker.stats().agents['work']?.finished,
      (count) => count === 1,
    );
    await broker.fault({ api: 'OffsetCommit', error: 'ILLEGAL_GENERATION' });
    expect(await worker.stop()).toMatchObject({ committed: false });
  });

  it('says that it has committed when it has', async () => {
    const { app, items } = appOf('committed', () => {}, { commitIntervalMs: 60_000 });
    const worker = await started(app);
    await items.send({ key: 'k', value: 'x' });
    await until(
      () => worker.stats().agents['work']?.finished,
      (count) => count === 1,
    );
    expect(await worker.stop()).toMatchObject({ committed: true, abandoned: 0 });
  });
});

it('goes on though a listener throws', async () => {
  const { app, items } = appOf('listener', () => {
    throw new RangeError('always');
  });
  const worker = await started(app);
  worker.on('retry', () => {
    throw new Error('of a listener');
  });
  await items.send({ key: 'k', value: 'x' });
  await until(
    () => worker.stats().deadLettered,
    (count) => count === 1,
  );
  expect(worker.state).toBe('ready');
});
