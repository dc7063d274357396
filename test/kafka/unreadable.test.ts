import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker/index.ts';
import { kafkajs } from '../../src/kafka/index.ts';
import { unique } from '../helpers/broker.ts';
import { Recorder, until } from './support/recorder.ts';

let data: string;
const closing: Array<() => Promise<void>> = [];
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'streamer-unreadable-'));
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  rmSync(data, { recursive: true });
});

async function start(): Promise<Broker> {
  const broker = await startBroker({ port: 0, data });
  closing.push(() => broker.close());
  return broker;
}

/** Changes the first file below the folder that holds the text, as a fault of the disk does: no checksum is made to fit. */
function damage(text: string, by: string): void {
  for (const path of readdirSync(data, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.log')) continue;
    const bytes = readFileSync(join(data, path));
    const at = bytes.indexOf(text);
    if (at < 0) continue;
    bytes.write(by, at);
    writeFileSync(join(data, path), bytes);
    return;
  }
  throw new Error(`no segment holds ${text}`);
}

describe('a batch that was damaged on the disk', () => {
  it('is delivered as unreadable, with topic, partition, offset and cause; the records before and behind it come as they are', async () => {
    const topic = unique('damaged');
    const first = await start();
    const writer = kafkajs({ clientId: 'writer', brokers: [first.address] });
    await (await writer.admin()).createTopics([{ name: topic, partitions: 1 }]);
    const producer = await writer.producer();
    for (const value of ['price 1003', 'price 1004', 'price 1005'])
      await producer.send([{ topic, partition: 0, key: null, value: Buffer.from(value) }]);
    await writer.close();
    await first.close();
    damage('price 1004', 'price 9004');

    const { address } = await start();
    const client = kafkajs({ clientId: 'reader', brokers: [address] });
    closing.push(() => client.close());
    const sink = new Recorder();
    await sink.subscribe(client, { groupId: unique('group'), topics: [topic], maxWaitMs: 50 });
    await until('all is read', () => sink.received.length === 3);
    const [before, bad, behind] = sink.received.map(({ record }) => record);
    expect([String(before?.value), String(behind?.value)]).toEqual(['price 1003', 'price 1005']);
    expect(bad?.unreadable?.error.message).toBe(
      `the record batch at offset 1 of ${topic}[0] cannot be read: the checksum does not fit its bytes`,
    );
    expect(sink.errors).toEqual([]);
  });
});
