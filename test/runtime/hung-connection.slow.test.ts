import { type App, each, json, string, type Worker } from 'streamerjs';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { Proxy } from '../faults/net/proxy.ts';
import { brokerPorts } from '../faults/system/client.ts';
import { createTopicsOf, testAppOf, until } from '../helpers/app.ts';
import { brokers, unique } from '../helpers/broker.ts';

/** Requests, by https://kafka.apache.org/protocol#protocol_api_keys */
const LIST_OFFSETS = 2;
const JOIN_GROUP = 11;

const closing: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function member(id: string, addresses: readonly string[], seen: Set<number>): { app: App; send: (n: number) => Promise<unknown> } {
  const app = testAppOf('hung', { id, brokers: addresses, sessionTimeoutMs: 6_000, heartbeatIntervalMs: 200 });
  closing.push(() => app.stop());
  const items = app.topic(`${id}.items`, { key: string(), value: json(z.object({ n: z.number() })), partitions: 2 });
  app.agent(
    'note',
    items,
    each(({ n }) => void seen.add(n)),
  );
  return { app, send: (n) => items.send({ key: `k${n}`, value: { n } }) };
}

const isSplit = (workers: readonly Worker[]) => workers.every((worker) => worker.stats().assigned.length === 1);

it('goes on when the connection over which it reads its positions has broken unseen, while its membership lives', async () => {
  const proxy = await Proxy.start(await brokerPorts(brokers().join(',')));
  closing.push(() => proxy.close());
  const [id, seen] = [unique('hung'), new Set<number>()];
  const first = member(id, proxy.address.split(','), seen);
  await createTopicsOf(first.app);
  const one = await first.app.start();
  const warnings: string[] = [];
  one.on('warning', ({ error }) => warnings.push(error.message));

  // What asks for offsets and is no member of the group: whoever reads watermarks.
  expect(proxy.deafen((apis) => apis.has(LIST_OFFSETS) && !apis.has(JOIN_GROUP))).toBeGreaterThan(0);
  const second = member(id, brokers(), seen);
  const two = await second.app.start();
  const late = 'reading where the assigned partitions stand: no answer within 8000 ms';
  await until(() => warnings.some((warning) => warning.includes(late)), Boolean, 30_000);
  await until(() => isSplit([one, two]), Boolean, 30_000);
  await Promise.all(Array.from({ length: 20 }, (_, n) => second.send(n)));
  await until(
    () => seen.size,
    (size) => size === 20,
  );
}, 60_000);
