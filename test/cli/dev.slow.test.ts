import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unique } from '../helpers/broker.ts';
import { fixture, freePort, jsonLines, run, withFolder, withStreamer } from './helpers.ts';

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
        const { code, stdout, stderr } = await dev.end('SIGINT');
        expect(code).toBe(0);
        expect(stdout.split('left the group in').length).toBe(3);
        // That is an affair of the apps that ship.
        expect(`${stdout}${stderr}`).not.toContain('MODEL_URL');
      });
    });
  });
});

describe('streamer dev on a taken port', () => {
  it('names the address that it uses, and other commands of the project find it', async () => {
    await withFolder(async (folder) => {
      await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
      const text = (await readFile(fixture('shop.ts'), 'utf8')).replace("import { z } from 'zod';", '').replace(/json\(Order\)/g, 'json()');
      const app = text.replace(/const Order = .*\n/, '').replace('order.value.amount > 10', 'Boolean(order)');
      await writeFile(join(folder, 'app.ts'), app);
      const env = { SHOP_PREFIX: unique('dev'), KAFKA_BROKERS: '' };
      // The default port is taken by this or by whatever has it already.
      const squatter = createServer()
        .listen(29_092, '127.0.0.1')
        .on('error', () => undefined);
      try {
        await withStreamer(['dev', '--no-watch'], { env, cwd: folder }, async (dev) => {
          const address = await dev.until((stdout) => /port 29092 is taken: .* listens on (127\.0\.0\.1:\d+)/.exec(stdout)?.[1]);
          await dev.until((stdout) => stdout.includes(`elsewhere: --brokers ${address}`));
          await dev.until((stdout) => stdout.includes('ready in'));
          const found = await run(['config', '--json'], { env, cwd: folder });
          expect(jsonLines(found.stdout)[0]).toMatchObject({ setting: 'brokers', value: [address], layer: 'dev' });
          expect((await run(['topics', 'list', '--json'], { env, cwd: folder })).stdout).toContain(`${env.SHOP_PREFIX}-orders`);
          expect((await dev.end('SIGINT')).code).toBe(0);
        });
        const gone = await run(['config', '--json'], { env, cwd: folder });
        expect(jsonLines(gone.stdout)[0]).toMatchObject({ setting: 'brokers', layer: 'default' });
      } finally {
        squatter.close();
      }
      const port = await freePort();
      await withStreamer(['dev', '--no-watch', '--port', String(port)], { env, cwd: folder }, async (dev) => {
        await dev.until((stdout) => stdout.includes(`broker 127.0.0.1:${port} (embedded)`) && stdout.includes('ready in'));
        expect((await dev.end('SIGINT')).code).toBe(0);
      });
    });
  }, 90_000);
});
