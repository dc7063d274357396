import { afterEach, describe, expect, it } from 'vitest';
import { endTxn } from '../../../src/wire/apis/transaction.ts';
import { until } from '../../helpers/app.ts';
import { StagedProxy } from '../../helpers/staged-proxy.ts';
import { changelogOf } from '../support/changelog.ts';
import { type CountingApp, type CountingOptions, countingApp } from '../support/counting.ts';

/** The shortest that brokers allow by default. */
const SESSION_MS = 6_000;
const running: CountingApp[] = [];
const proxies: StagedProxy[] = [];

afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.close();
  await Promise.all(running.splice(0).map(({ app }) => app.stop()));
});

function counting(options: CountingOptions = {}): CountingApp {
  const made = countingApp({ sessionTimeoutMs: SESSION_MS, heartbeatIntervalMs: 500, ...options });
  running.push(made);
  return made;
}

/** A worker whose connections all break at once, and for good, when it asks to end a transaction: as one that is killed. */
async function dying(options: CountingOptions = {}): Promise<{ app: CountingApp; dies: Promise<number> }> {
  const proxy = await StagedProxy.start();
  proxies.push(proxy);
  const app = counting({ brokers: proxy.brokers, ...options });
  await app.start();
  await app.send('a', 'b', 'c', 'd');
  await app.handles(4);
  await until(
    () => changelogOf(`${app.id}-counts-changelog`),
    (entries) => entries.size === 4,
  );
  const dies = new Promise<number>((resolve) => {
    void proxy.stage({
      api: endTxn,
      effect: 'cut before',
      before: async () => {
        resolve(Date.now());
        await proxy.close();
      },
    });
  });
  return { app, dies };
}

describe('a worker that dies within a transaction', () => {
  it.each([
    ['a member that was there', true],
    ['a worker that is started afterwards', false],
  ])(
    'is followed by %s within the session and 2 s, on what it had committed',
    async (_, isThere) => {
      const { app, dies } = await dying();
      const next = counting({ id: app.id, topic: app.topic });
      if (isThere) {
        await next.start();
        // Both have taken their partitions over.
        await app.send('a', 'b', 'c', 'd');
        await until(
          () => app.handled.length + next.handled.length,
          (count) => count === 8,
        );
      }
      const sender = counting({ topic: app.topic });
      const before = isThere ? 2 : 1;
      await sender.send('a', 'b', 'c', 'd');
      const diedAt = await dies;
      if (!isThere) await next.start();
      await sender.send('a', 'b', 'c', 'd');
      await until(
        () => [...next.seen.values()],
        (counts) => counts.length === 4 && counts.every((count) => count === before + 2),
        20_000,
      );
      expect(Date.now() - diedAt).toBeLessThan(SESSION_MS + 2_000);
      await next.app.stop();
      expect(await changelogOf(`${app.id}-counts-changelog`)).toEqual(new Map(['a', 'b', 'c', 'd'].map((key) => [key, before + 2])));
    },
    60_000,
  );
});
