import { type App, each, json, string } from 'streamerjs';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { started, testAppOf, until } from '../helpers/app.ts';
import { client, readAll, unique } from '../helpers/broker.ts';

const running: App[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

it('does not write again, after a restart, the dead letter of bytes that lie beyond an unfinished event', async () => {
  const [id, topic] = [unique('letters'), unique('items')];
  const build = (isStuck: boolean) => {
    const app = testAppOf('letters', { id, drainTimeoutMs: 50 });
    running.push(app);
    const items = app.topic(topic, { key: string(), value: json(z.object({ n: z.number() })) });
    for (const name of ['one', 'two']) {
      app.agent(
        name,
        items,
        each(async (_item, { signal }) => {
          if (isStuck) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        }),
      );
    }
    return { app, items };
  };
  const first = build(true);
  const worker = await started(first.app);
  await first.items.send({ key: 'k', value: { n: 1 } });
  const producer = client().producer();
  await producer.connect();
  await producer.send({ topic, messages: [{ key: 'k', value: 'no json' }] });
  await producer.disconnect();
  await until(
    () => worker.stats().deadLettered,
    (count) => count === 1,
  );
  expect((await worker.stop()).abandoned).toBe(2);
  const second = build(false);
  const again = await second.app.start();
  await until(
    () => again.positions().map(({ offset }) => offset),
    ([offset]) => offset === 2,
  );
  await second.app.stop();
  expect(await readAll(`${topic}.${id}.dlq`)).toHaveLength(1);
});
