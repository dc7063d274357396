import { describe, expect, it } from 'vitest';
import { readAll } from '../helpers/broker.ts';
import { fixture, run, withShop, withStreamer } from './helpers.ts';

function orders(count: number): string {
  return Array.from({ length: count }, (_, i) => `{"id":"${i}","amount":${i % 20}}\n`).join('');
}

describe('streamer worker', () => {
  it('names the missing topics and the command that makes them; exit 2', async () => {
    const { code, stderr } = await run(['worker', '-A', fixture('shop.ts')], { env: { SHOP_PREFIX: 'not-made' } });
    expect(code).toBe(2);
    expect(stderr).toContain('not-made-orders');
    expect(stderr).toContain('streamer topics create -A ');
  });

  it('without a broker: exit 2 and the two ways on', async () => {
    const { code, stderr } = await run(['worker', '-A', fixture('shop.ts')], { env: { KAFKA_BROKERS: '127.0.0.1:1' } });
    expect(code).toBe(2);
    expect(stderr).toContain('(from KAFKA_BROKERS)');
    expect(stderr).toContain('node_modules/.bin/streamer broker');
  });

  it('for people: banner, agents, assignment, progress, and the drain at the end', async () => {
    await withShop(async ({ prefix, app, env }) => {
      await run(['send', `${prefix}-orders`, '-', '-k', 'u1', '-A', app], { env, input: orders(40) });
      await withStreamer(['worker', '-A', app], { env }, async (worker) => {
        await worker.until((stdout) => stdout.includes('  40 events'));
        const { code, stdout } = await worker.end('SIGINT');
        expect(code).toBe(0);
        expect(stdout).toContain(`${prefix} 1.2.3   broker ${process.env['TEST_BROKERS']}   group ${prefix}\n`);
        expect(stdout).toMatch(/pick-large +\S+-orders +\S+-large +key +1 +retry 5, then dead letter/);
        expect(stdout).toMatch(new RegExp(`assigned ${prefix}-orders \\[0 1\\] {2}ready in \\d+(\\.\\d s| ms)`));
        expect(stdout).toMatch(/drained \d+ events, committed, left the group in \d+(\.\d s| ms)\n$/);
      });
      expect(await readAll(`${prefix}-large`)).toHaveLength(18);
    });
  });

  it('for programs: ready, assigned, deadLetter, progress, stopped; nothing else on standard output', async () => {
    await withShop(async ({ prefix, app, env }) => {
      await withStreamer(['worker', '-A', app, '--json'], { env }, async (worker) => {
        expect(await worker.untilEvent('ready')).toMatchObject({ app: prefix, version: '1.2.3', group: prefix, pid: worker.process.pid });
        expect(await worker.untilEvent('assigned')).toMatchObject({ partitions: [`${prefix}-orders[0]`, `${prefix}-orders[1]`] });
        await run(['send', `${prefix}-orders`, 'no json', '-k', 'u1', '--partition', '0']);
        expect(await worker.untilEvent('deadLetter')).toMatchObject({
          topic: `${prefix}-orders`,
          partition: 0,
          offset: 0,
          error: expect.stringContaining('not JSON'),
        });
        expect(await worker.untilEvent('progress', ({ deadLettered }) => deadLettered === 1)).toMatchObject({ lag: expect.any(Number) });
        const { code } = await worker.end();
        expect(code).toBe(0);
        expect(worker.events.at(-1)).toMatchObject({ event: 'stopped', abandoned: 0 });
      });
    });
  });

  it('fails with the place of the event when its policy is to stop; exit 1', async () => {
    await withShop(async ({ prefix, app, env }) => {
      await run(['send', `${prefix}-orders`, '{"id":"bad","amount":1}', '-k', 'k', '--partition', '1', '-A', app], { env });
      const { code, stderr } = await run(['worker', '-A', app], { env });
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`streamer: Agent "slow" failed on ${prefix}-orders\\[1\\]@0: .*this order cannot be`));
      expect(stderr).not.toMatch(/\n\s+at /);
    });
  });
});
