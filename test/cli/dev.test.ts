import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unique } from '../helpers/broker.ts';
import { fixture, withFolder, withStreamer } from './helpers.ts';

const GREETING = /hello dev/g;

describe('streamer dev', () => {
  it('starts a broker, creates the topics, runs the worker and commands, restarts it on a change, ends with all of it', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'app.ts');
      const shared = (await readFile(fixture('shop.ts'), 'utf8'))
        .replace("import { z } from 'zod';", '')
        .replace(/json\(Order\)/g, 'json()');
      await writeFile(path, shared.replace(/const Order = .*\n/, '').replace('order.value.amount > 10', 'Boolean(order)'));
      await copyFile(fixture('same-copy.ts'), join(folder, 'other.ts'));
      const env = { SHOP_PREFIX: unique('dev'), KAFKA_BROKERS: '' };
      await withStreamer(['dev', '-A', path, '--run', 'greet dev'], { env, cwd: folder }, async (dev) => {
        await dev.until((stdout) => /broker 127\.0\.0\.1:\d+ \(embedded\)/.test(stdout) && /2 partitions {2}created/.test(stdout));
        await dev.until((stdout) => stdout.includes('ready in') && GREETING.test(stdout));
        await writeFile(path, `${await readFile(path, 'utf8')}\n`);
        await dev.until((stdout) => stdout.includes('app.ts changed: restarting the worker') && stdout.split('ready in').length === 3);
        const { code, stdout } = await dev.end('SIGINT');
        expect(code).toBe(0);
        expect(stdout.split('left the group in').length).toBe(3);
      });
    });
  });
});
