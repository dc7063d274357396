import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Attacked } from './attacked.ts';
import { gzipBombs, halfSentFrames, unreadAnswers } from './attacks.ts';

/**
 * `npm run build && npm run soak:memory`, on Linux: what each attack makes the embedded broker, or a worker, take. The worker reads from the
 * broker of KAFKA_BROKERS where it is set: the embedded one refuses batches that expand to more than 64 MiB.
 */
const APP = fileURLToPath(new URL('app.ts', import.meta.url));
const { KAFKA_BROKERS: kafka } = process.env;

const print = (figures: object) => console.log(JSON.stringify(figures));

async function withBroker(use: (address: string, broker: Attacked) => Promise<void>, ...flags: string[]): Promise<void> {
  const broker = new Attacked(['broker', '--port', '0', ...flags]);
  const { address } = await broker.until(({ event }) => event === 'ready');
  await use(String(address), broker);
  if ((await broker.end()) !== 0) throw new Error(`the broker did not end in order: ${broker.stderr}`);
}

async function attackWorker(address: string, mb: number): Promise<void> {
  const topic = `memory-${randomUUID().slice(0, 8)}`;
  const env = { MEMORY_TOPIC: topic, KAFKA_BROKERS: address };
  await new Attacked(['topics', 'create', '-A', APP], env).ended;
  const { errors, bytes } = await gzipBombs(address, topic, 3, mb);
  const worker = new Attacked(['worker', '-A', APP], env);
  await worker.until(({ event, lag, events }) => event === 'progress' && lag === 0 && Number(events) > 0);
  const skipped = worker.count('deadLetter');
  print({ attack: `3 gzip batches of ${bytes} bytes that expand to ${mb} MB each`, on: 'worker', errors, skipped, ...worker.memory() });
  if ((await worker.end()) !== 0) throw new Error(`the worker did not end in order: ${worker.stderr}`);
  await new Attacked(['topics', 'delete', '-A', APP, '--yes'], env).ended;
}

await withBroker(async (address, broker) => {
  print({ attack: 'none', on: 'embedded broker', ...broker.memory() });
  const closed = await halfSentFrames(address, 25);
  print({ attack: '25 requests of 95 MB, 64 MB of each sent', on: 'embedded broker', closed, ...broker.memory() });
});
const folder = await mkdtemp(join(tmpdir(), 'streamer-memory-'));
for (const flags of [[], ['--data', join(folder, 'data')]]) {
  const attack = `60 clients that ask four times for 55 MB and read nothing${flags.length === 0 ? '' : ', records on disk'}`;
  await withBroker(
    async (address, broker) => {
      const closed = await unreadAnswers(address, 60);
      print({ attack, on: 'embedded broker', closed, ...broker.memory() });
    },
    ...flags,
  );
}
await rm(folder, { recursive: true });
if (kafka === undefined) await withBroker((address) => attackWorker(address, 60));
else await attackWorker(kafka.split(',')[0] ?? '', 400);
