import { describe, expect, it } from 'vitest';
import { Proxy } from '../faults/net/proxy.ts';
import { brokerPorts } from '../faults/system/client.ts';
import { readAll } from '../helpers/broker.ts';
import { run, type Streamer, withShop, withStreamer } from './helpers.ts';

function orders(count: number): string {
  return Array.from({ length: count }, (_, i) => `{"id":"${i}","amount":${i % 20}}\n`).join('');
}

function finishedBy(streamer: Streamer): number {
  const last = streamer.events.filter(({ event }) => event === 'progress').at(-1);
  return (last?.['agents'] as Record<string, { finished: number }> | undefined)?.['pick-large']?.finished ?? 0;
}

describe('streamer worker', () => {
  it('two share the partitions; when one stops, the other takes over and nothing is lost', async () => {
    await withShop(async ({ prefix, app, env }) => {
      const both = { env: { ...env, SHOP_SLOW_MS: '1' } };
      await withStreamer(['worker', '-A', app, '--json'], both, (first) =>
        withStreamer(['worker', '-A', app, '--json'], both, async (second) => {
          const one = ({ partitions }: Record<string, unknown>) => (partitions as string[]).length === 1;
          const [a, b] = await Promise.all([first.untilEvent('assigned', one), second.untilEvent('assigned', one)]);
          expect([a['partitions'], b['partitions']].flat().sort()).toEqual([`${prefix}-orders[0]`, `${prefix}-orders[1]`]);
          for (const partition of ['0', '1']) {
            await run(['send', `${prefix}-orders`, '-', '-k', 'k', '--partition', partition, '-A', app], { env, input: orders(200) });
          }
          expect(await second.end()).toMatchObject({ code: 0 });
          await first.untilEvent('assigned', ({ partitions }) => (partitions as string[]).length === 2);
          const left = 400 - finishedBy(second);
          await first.until(() => finishedBy(first) >= left);
          expect(await first.end()).toMatchObject({ code: 0 });
        }),
      );
      expect(await readAll(`${prefix}-large`)).toHaveLength(180);
    });
  });

  it('ends with 0 though the brokers do not answer any more', async () => {
    const proxy = await Proxy.start(await brokerPorts(String(process.env['TEST_BROKERS'])));
    try {
      await withShop(async ({ app, env }) => {
        const behind = { env: { ...env, KAFKA_BROKERS: proxy.address } };
        await withStreamer(['worker', '-A', app, '--json', '--drain-timeout-ms', '200'], behind, async (worker) => {
          await worker.untilEvent('ready');
          expect(proxy.deafen(() => true)).toBeGreaterThan(0);
          expect(await worker.end()).toMatchObject({ code: 0 });
          expect(worker.events.at(-1)).toMatchObject({ event: 'stopped', abandoned: 0 });
        });
      });
    } finally {
      await proxy.close();
    }
  });

  it('a second signal ends at once', async () => {
    await withShop(async ({ prefix, app, env }) => {
      const slow = { env: { ...env, SHOP_SLOW_MS: '60000' } };
      await withStreamer(['worker', '-A', app, '--json', '--drain-timeout-ms', '30000'], slow, async (worker) => {
        await worker.untilEvent('ready');
        await run(['send', `${prefix}-orders`, '{"id":"1","amount":1}', '-k', 'k', '-A', app], { env });
        await worker.untilEvent('progress', ({ agents }) => (agents as { slow: { inFlight: number } }).slow.inFlight === 1);
        worker.process.kill('SIGTERM');
        // The first signal has been taken when the drain has begun; nothing tells that from outside but time.
        await new Promise((resolve) => setTimeout(resolve, 300));
        const startedAt = Date.now();
        expect((await worker.end('SIGINT')).code).toBe(130);
        expect(Date.now() - startedAt).toBeLessThan(2_000);
      });
    });
  });

  it('gives up what does not finish within the drain budget, says so, and ends with 0', async () => {
    await withShop(async ({ prefix, app, env }) => {
      const slow = { env: { ...env, SHOP_SLOW_MS: '60000' } };
      await withStreamer(['worker', '-A', app, '--json', '--drain-timeout-ms', '200'], slow, async (worker) => {
        await worker.untilEvent('ready');
        await run(['send', `${prefix}-orders`, '{"id":"1","amount":1}', '-k', 'k', '-A', app], { env });
        await worker.untilEvent('progress', ({ agents }) => (agents as { slow: { inFlight: number } }).slow.inFlight === 1);
        const startedAt = Date.now();
        expect((await worker.end()).code).toBe(0);
        expect(Date.now() - startedAt).toBeLessThan(5_000);
        expect(worker.events.at(-1)).toMatchObject({ event: 'stopped', abandoned: 1 });
      });
    });
  });
});
