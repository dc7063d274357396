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

/** Starts the app, does something, and gives the first stall that is told. */
async function firstStall(app: App, provoke: () => Promise<unknown>): Promise<WorkerEvents['stalled'][0]> {
  const worker = await started(app);
  const stalls: Array<WorkerEvents['stalled'][0]> = [];
  worker.on('stalled', (stall) => stalls.push(stall));
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
    const stall = await firstStall(app, async () => {
      for (const n of [0, 1, 2]) await items.send({ key: `k${n}`, value: { n } });
    });
    release();
    const place = { agent: 'stuck', topic: items.name, partition: 0, offset: 1, key: 'k1' };
    expect(stall).toMatchObject({ ...place, stage: 'handler', setting: 'timeoutMs of the agent' });
    expect(stall.forMs).toBeGreaterThanOrEqual(150);
  });

  it('outputs that are not acknowledged', async () => {
    const proxy = await behindProxy();
    const { app, items, out } = appOf({ brokers: proxy.address.split(',') });
    const copy = each<string, { n: number }, { n: number }>((item) => item);
    app.agent('copy', items, copy, { to: out });
    const stall = await firstStall(app, async () => {
      proxy.slow({ produceMs: 2_000 });
      // Its own acknowledgement is late too.
      void items.send({ key: 'k', value: { n: 0 } });
    });
    expect(stall).toMatchObject({ agent: 'copy', topic: items.name, key: 'k', stage: 'outputs' });
    proxy.mend();
  });

  it('the wait for the next try', async () => {
    const { app, items } = appOf();
    const fail = each<string, { n: number }>(() => {
      throw new Error('no');
    });
    app.agent('fails', items, fail, { onError: retry({ attempts: 2, delayMs: 60_000 }) });
    const stall = await firstStall(app, () => items.send({ key: 'k', value: { n: 0 } }));
    expect(stall).toMatchObject({ agent: 'fails', offset: 0, key: 'k', stage: 'retry', setting: 'onError of the agent' });
  });

  it('a dead letter that is refused', async () => {
    const { app, items } = appOf();
    const fail = each<string, { n: number }>(() => {
      throw new Error('no');
    });
    app.agent('fails', items, fail, { onError: deadLetter() });
    const stall = await firstStall(app, async () => {
      await withAdmin((admin) => admin.deleteTopics({ topics: [`${items.name}.${app.id}.dlq`] }));
      await items.send({ key: 'k', value: { n: 0 } });
    });
    expect(stall).toMatchObject({ agent: 'fails', offset: 0, key: 'k', stage: 'deadLetter' });
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
    const stall = await firstStall(app, () => items.send({ key: 'k', value: { n: 0 } }));
    release();
    expect(stall).toMatchObject({ topic: items.name, offset: 0, key: 'k', stage: 'decode' });
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
    const stall = await firstStall(app, async () => {
      proxy.deafenAt(OFFSET_COMMIT);
      await items.send({ key: 'k', value: { n: 0 } });
    });
    expect(stall).toMatchObject({ topic: items.name, stage: 'commit' });
  });
});
