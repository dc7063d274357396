import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytes, each, string } from 'streamerjs';
import { type Broker, startBroker } from 'streamerjs/broker';
import { afterEach, expect, it } from 'vitest';
import { createTopicsOf, testAppOf, until } from '../helpers/app.ts';
import { run, withFolder } from './helpers.ts';

const closing: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** An app with 30 dead letters of topic `items`. */
async function stage(): Promise<Broker> {
  const broker = await startBroker();
  closing.push(() => broker.close());
  const app = testAppOf('replay', { id: 'replay', brokers: [broker.address] });
  closing.push(() => app.stop());
  const items = app.topic('items', { key: string(), value: bytes(), partitions: 2 });
  app.agent(
    'read',
    items,
    each(() => {}),
  );
  await createTopicsOf(app);
  const writer = testAppOf('writer', { brokers: [broker.address] });
  closing.push(() => writer.stop());
  const letters = writer.topic('items.replay.dlq', { key: string(), value: bytes(), partitions: 2 });
  const place = { 'streamer.dlq.topic': 'items', 'streamer.dlq.agent': 'read', 'streamer.dlq.partition': '0' };
  for (let n = 0; n < 30; n++) {
    await letters.send({ key: `k${n}`, value: Buffer.from(`${n}`), headers: { ...place, 'streamer.dlq.offset': String(n) } });
  }
  return broker;
}

/** What a reader of committed records sees in `items`. */
async function committedItems(broker: Broker): Promise<number[]> {
  const seen: number[] = [];
  const reader = testAppOf('reader', { brokers: [broker.address] });
  reader.agent(
    'read',
    reader.topic('items', { key: string(), value: bytes(), partitions: 2 }),
    each((value) => {
      seen.push(Number(value));
    }),
  );
  await createTopicsOf(reader);
  const worker = await reader.start();
  const marks = await (await (await reader.client()).admin()).watermarks('items');
  const ends = marks.map(({ latest }) => latest).sort();
  await until(
    () => worker.positions().map(({ offset }) => offset),
    (positions) => positions.sort().join() === ends.join(),
  );
  await reader.stop();
  return seen.sort((a, b) => a - b);
}

it.each(['AddPartitionsToTxn', 'Produce', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn'] as const)(
  'a replay that is cut off at %s repeats no letter when it is run again',
  async (api) => {
    const broker = await stage();
    await withFolder(async (folder) => {
      const file = join(folder, 'app.ts');
      await writeFile(
        file,
        `import { App, each } from 'streamerjs';
         export const app = new App({ id: 'replay' });
         app.agent('read', app.topic('items', { partitions: 2 }), each(() => {}));`,
      );
      await broker.fault({
        api,
        error: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
        times: 1,
        ...(api === 'Produce' ? { topic: 'items' } : {}),
      });
      const first = await run(['dlq', 'replay', '-A', file, '--brokers', broker.address]);
      expect(first.code).not.toBe(0);
      const second = await run(['dlq', 'replay', '-A', file, '--brokers', broker.address]);
      expect([second.code, second.stderr]).toEqual([0, '']);
      expect(second.stdout).toContain('30 replayed to items');
    });
    expect(await committedItems(broker)).toEqual(Array.from({ length: 30 }, (_, n) => n));
  },
);
