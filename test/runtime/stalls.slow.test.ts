import { type App, type AppOptions, deadLetter, each, json, retry, type Serde, string, type WorkerEvents } from 'streamerjs';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Proxy } from '../faults/net/proxy.ts';
import { brokerPorts } from '../faults/system/client.ts';
import { createTopicsOf, started, testAppOf, until } from '../helpers/app.ts';
import { brokers, unique, withAdmin } from '../helpers/broker.ts';

/** Requests, by https://kafka.apache.org/protocol#protocol_api_keys */
const OFFSET_COMMIT = 8;
const Item = z.object({ n: z.number() });
const closing: Array<() => Promise<unknown>> = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function appOf(options: Partial<AppOptions> = {}, value: Serde<{ n: number }, { n: number }> = json(Item)) {
  const app = testAppOf('stalls', { stallWarningMs: 150, drainTimeoutMs: 200, ...options });
  closing.push(() => app.stop());
  const items = app.topic(unique('items'), { key: string(), value });
  const out = app.topic(`${items.name}-out`, { key: string(), value: json(Item) });
  return { app, items, out };
}

async function behindProxy(): Promise<Proxy> {
  const proxy = await Proxy.start(await brokerPorts(brokers().join(',')));
  closing.push(() => proxy.close());
  return proxy;
}

type Stall = WorkerEvents['stalled'][0];

/** Starts the app, does something, and gives the first stall at the stage that is told: on a slow machine others may come before. */
async function firstStall(app: App, stage: Stall['stage'], provoke: () => Promise<unknown>): Promise<Stall> {
  const worker = await started(app);
  const stalls: Stall[] = [];
  worker.on('stalled', (stall) => stall.stage === stage && stalls.push(stall));
  await provoke();
  const [first] = await until(
    () => stalls,
    ({ length }) => length > 0,
  );
  if (first === undefined) throw new Error('no stall');
  return first;
}

describe('what makes no progress is named', () => {
  it('a handler', async () => {
    const { app, items } = appOf();
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    app.agent(
      'stuck',
      items,
      each(({ n }) => (n === 1 ? gate : undefined)),
      { concurrency: 2 },
    );
    const stall = await firstStall(app, 'handler', async () => {
      for (const n of [0, 1, 2]) await items.send({ key: `k${n}`, value: { n } });
    });
    release();
    const place = { agent: 'stuck', topic: items.name, partition: 0, offset: 1, key: 'k1' };
    expect(stall).toMatchObject({ ...place, setting: 'timeoutMs of the agent' });
    expect(stall.forMs).toBeGreaterThanOrEqual(150);
  });

  it('outputs that are not acknowledged', async () => {
    const proxy = await behindProxy();
    const { app, items, out } = appOf({ brokers: proxy.address.split(',') });
    const copy = each<string, { n: number }, { n: number }>((item) => item);
    app.agent('copy', items, copy, { to: out });
    const stall = await firstStall(app, 'outputs', async () => {
      proxy.slow({ produceMs: 2_000 });
      // Its own acknowledgement is late too.
      void items.send({ key: 'k', value: { n: 0 } });
    });
    expect(stall).toMatchObject({ agent: 'copy', topic: items.name, key: 'k' });
    proxy.mend();
  });

  it('the wait for the next try', async () => {
    const { app, items } = appOf();
    const fail = each<string, { n: number }>(() => {
      throw new Error('no');
    });
    app.agent('fails', items, fail, { onError: retry({ attempts: 2, delayMs: 60_000 }) });
    const stall = await firstStall(app, 'retry', () => items.send({ key: 'k', value: { n: 0 } }));
    expect(stall).toMatchObject({ agent: 'fails', offset: 0, key: 'k', setting: 'onError of the agent' });
  });

  it('a dead letter that is refused', async () => {
    const { app, items } = appOf();
    const fail = each<string, { n: number }>(() => {
      throw new Error('no');
    });
    app.agent('fails', items, fail, { onError: deadLetter() });
    const stall = await firstStall(app, 'deadLetter', async () => {
      await withAdmin((admin) => admin.deleteTopics({ topics: [`${items.name}.${app.id}.dlq`] }));
      await items.send({ key: 'k', value: { n: 0 } });
    });
    expect(stall).toMatchObject({ agent: 'fails', offset: 0, key: 'k' });
    await createTopicsOf(app);
  });

  it('a serde that does not answer', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow: Serde<{ n: number }, { n: number }> = {
      name: 'slow',
      encode: ({ n }) => Buffer.from(String(n)),
      decode: async (bytes) => {
        await gate;
        return { n: Number(bytes) };
      },
    };
    const { app, items } = appOf({}, slow);
    app.agent(
      'read',
      items,
      each(() => {}),
    );
    const stall = await firstStall(app, 'decode', () => items.send({ key: 'k', value: { n: 0 } }));
    release();
    expect(stall).toMatchObject({ topic: items.name, offset: 0, key: 'k' });
    expect(stall.agent).toBeUndefined();
  });

  it('a commit', async () => {
    const proxy = await behindProxy();
    const { app, items } = appOf({ brokers: proxy.address.split(',') });
    app.agent(
      'read',
      items,
      each(() => {}),
    );
    const stall = await firstStall(app, 'commit', async () => {
      proxy.deafenAt(OFFSET_COMMIT);
      await items.send({ key: 'k', value: { n: 0 } });
    });
    expect(stall).toMatchObject({ topic: items.name });
  });
});
