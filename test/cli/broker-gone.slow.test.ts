import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker/index.ts';
import { unique } from '../helpers/broker.ts';
import { fixture, freePort, run, withStreamer } from './helpers.ts';

/** Accepts connections and says nothing, as a broker that is going down. */
async function silence(port: number): Promise<{ readonly server: Server; readonly greeted: Promise<void>; end(): Promise<void> }> {
  const sockets = new Set<Socket>();
  let greet: () => void = () => undefined;
  const greeted = new Promise<void>((resolve) => {
    greet = resolve;
  });
  const server = createServer((socket) => {
    sockets.add(socket);
    // The probe connects and says nothing; it is the client that speaks.
    socket.on('error', () => undefined).on('data', () => greet());
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    server,
    greeted,
    async end() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

it.concurrent('a broker that goes away between the first look and the first assignment is waited for', async () => {
  const [port, data, prefix] = [await freePort(), await mkdtemp(join(tmpdir(), 'streamer-gone-')), unique('gone')];
  const env = { KAFKA_BROKERS: `127.0.0.1:${port}`, SHOP_PREFIX: prefix };
  let broker: Broker | undefined = await startBroker({ port, data });
  try {
    const made = await run(['topics', 'create', '-A', fixture('shop.ts')], { env });
    expect(made.code, made.stderr).toBe(0);
    await broker.close();
    const going = await silence(port);
    await withStreamer(['worker', '-A', fixture('shop.ts'), '--json'], { env }, async (worker) => {
      await going.greeted;
      await going.end();
      await worker.until((_, stderr) => stderr.includes('not ready yet'), 20_000);
      expect(worker.process.exitCode).toBeNull();
      broker = await startBroker({ port, data });
      await worker.untilEvent('ready', undefined, 30_000);
      expect((await worker.end()).code).toBe(0);
    });
  } finally {
    await broker?.close();
    await rm(data, { recursive: true });
  }
}, 60_000);

it.concurrent('one that stays away does not hold up an end that is asked for', async () => {
  const port = await freePort();
  const going = await silence(port);
  await withStreamer(['worker', '-A', fixture('shop.ts'), '--json'], { env: { KAFKA_BROKERS: `127.0.0.1:${port}` } }, async (worker) => {
    await going.greeted;
    await going.end();
    await worker.until((_, stderr) => stderr.includes('not ready yet'), 20_000);
    expect((await worker.end()).code).toBe(0);
  });
}, 60_000);
