import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, type AppOptions, each, string } from 'streamerjs';
import { type Broker, startBroker } from 'streamerjs/broker';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LetterReader } from '../../src/cli/dlq/letter-reader.ts';
import { recordPrinter } from '../../src/cli/records/printer.ts';
import { kafkajs } from '../../src/kafka/index.ts';
import { writtenRecords } from '../../src/runtime/sources/written-records.ts';
import { createTopicsOf, testAppOf, until } from '../helpers/app.ts';

const closing: Array<() => Promise<unknown>> = [];
let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'streamer-unreadable-'));
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  rmSync(data, { recursive: true });
});

async function start(): Promise<Broker> {
  const broker = await startBroker({ data });
  closing.push(() => broker.close());
  return broker;
}

function appOf(broker: Broker, seen: string[], options: Partial<AppOptions> = {}): App {
  const app = testAppOf('unreadable', { id: 'unreadable', brokers: [broker.address], ...options });
  closing.push(() => app.stop());
  const items = app.topic('items', { key: string(), value: string(), partitions: 2 });
  app.agent(
    'read',
    items,
    each((value) => {
      seen.push(value);
    }),
  );
  return app;
}

/** Two partitions with ten batches of one record each, of which the fourth of partition 0 is damaged on the disk. */
async function stage(): Promise<Broker> {
  const first = await start();
  const app = appOf(first, []);
  await createTopicsOf(app);
  const items = app.topics.get('items');
  for (let n = 0; n < 10; n++) {
    for (const partition of [0, 1]) await items?.send({ key: 'k', value: `${partition}-${n}`, partition } as never);
  }
  await app.stop();
  await first.close();
  for (const path of readdirSync(data, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.log')) continue;
    const bytes = readFileSync(join(data, path));
    const at = bytes.indexOf('0-3');
    if (at < 0) continue;
    bytes.write('0-9', at);
    writeFileSync(join(data, path), bytes);
  }
  return start();
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const range = (partition: number, from: number, to: number) => Array.from({ length: to - from }, (_, n) => `${partition}-${from + n}`);

describe('a record batch that cannot be read', () => {
  it('ends the worker by default: other partitions are committed, and the error names place, cause and the way on', async () => {
    const broker = await stage();
    const seen: string[] = [];
    const app = appOf(broker, seen);
    const worker = await app.start();
    await expect(worker.stopped).rejects.toMatchObject({
      message: 'the record batch at offset 3 of items[0] cannot be read: the checksum does not fit its bytes',
      place: { topic: 'items', partition: 0, offset: 3 },
      next: expect.stringContaining('--on-unreadable skip'),
    });
    expect(seen.filter((value) => value.startsWith('0'))).toEqual(range(0, 0, 3));
    const after = seen.filter((value) => value.startsWith('1'));
    const admin = await (await app.client()).admin();
    const offsets = new Map((await admin.groupOffsets('unreadable', ['items'])).map(({ partition, offset }) => [partition, offset]));
    expect(offsets.get(0)).toBe(3);
    expect(offsets.get(1)).toBe(after.length);
  });

  it('is skipped when told so: its bytes and the number of records go to the dead letters, and everything else is read', async () => {
    const broker = await stage();
    const seen: string[] = [];
    const app = appOf(broker, seen, { onUnreadable: 'skip' });
    const worker = await app.start();
    await until(
      () => seen.length,
      (count) => count === 19,
    );
    expect([...seen].sort()).toEqual([...range(0, 0, 3), ...range(0, 4, 10), ...range(1, 0, 10)]);
    await until(
      () => worker.stats().deadLettered,
      (count) => count === 1,
    );
    const letters: Array<Record<string, string>> = [];
    const reader = testAppOf('letters', { brokers: [broker.address] });
    closing.push(() => reader.stop());
    reader.agent(
      'letters',
      reader.topic('items.unreadable.dlq'),
      each((_value, { headers }) => {
        letters.push(Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])));
      }),
    );
    await createTopicsOf(reader);
    await reader.start();
    await until(
      () => letters.length,
      (count) => count === 1,
    );
    const place = { 'streamer.dlq.topic': 'items', 'streamer.dlq.partition': '0', 'streamer.dlq.offset': '3' };
    expect(letters[0]).toMatchObject({ ...place, 'streamer.dlq.records': '1', 'streamer.dlq.error': 'UnreadableBatchError' });
    await until(
      () => worker.positions().map(({ offset }) => offset),
      (positions) => positions.join() === '10,10',
    );
  });

  it('is shown as an error where records are printed, and ends what must have every record', async () => {
    const broker = await stage();
    const client = kafkajs({ brokers: [broker.address], clientId: 'unreadable' });
    closing.push(() => client.close());
    const admin = await client.admin();
    const lines: string[] = [];
    const output = { json: true, dataText: (line: string) => lines.push(line), line: () => {} };
    const print = recordPrinter({ app: undefined, output } as never, { show: [], key: undefined, stopAtMs: undefined });
    for await (const { partition, records } of (await client.reader()).read([{ topic: 'items', partition: 0, from: 3, to: 5 }]))
      for (const record of records) await print(partition, record);
    expect(lines.map((line) => JSON.parse(line).value)).toEqual([{ error: expect.stringContaining('at offset 3 of items[0]') }, '0-4']);

    const { signal } = new AbortController();
    const reading = all(writtenRecords({ client, admin, groupId: 'written', signal }, ['items']));
    await expect(reading).rejects.toThrow('the record batch at offset 3 of items[0] cannot be read');
    const letters = new LetterReader(client, admin, 'replay', ['items']);
    closing.push(() => letters.close());
    await expect(all(letters.letters())).rejects.toThrow('the record batch at offset 3 of items[0] cannot be read');
  });
});
