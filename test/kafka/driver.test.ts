import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KafkaAdmin, KafkaClient, OutputRecord } from '../../src/kafka/client.ts';
import { kafkajs, RefusedRecordsError } from '../../src/kafka/index.ts';
import { type Batch, type PartitionQueue, partitionQueues } from '../../src/kafka/kafkajs/partition-queue.ts';
import { ProducerSession } from '../../src/kafka/kafkajs/producer-session.ts';
import { brokers, createTopic, readAll, unique } from '../helpers/broker.ts';
import { createClient } from './support/recorder.ts';

const text = (value: string): Buffer => Buffer.from(value);
const record = (topic: string, partition: number, value: string, more: Partial<OutputRecord> = {}): OutputRecord => ({
  topic,
  partition,
  key: text(`k${value}`),
  value: text(value),
  ...more,
});

let client: KafkaClient;
let admin: KafkaAdmin;

beforeAll(async () => {
  client = createClient();
  admin = await client.admin();
});
afterAll(() => client.close());

describe('connect', () => {
  it('resolves when a broker answers', async () => {
    await expect(client.connect(5_000)).resolves.toBeUndefined();
  });

  it('names the addresses and the way on when none does', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const address = `127.0.0.1:${port}`;
    const started = Date.now();
    const failure = await kafkajs({ clientId: 't', brokers: [address] })
      .connect(600)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'KAFKA', reason: 'retry', next: expect.stringContaining('KAFKA_BROKERS') });
    expect((failure as Error).message).toContain(address);
    expect(Date.now() - started).toBeLessThan(3_000);
  });

  it('does not wait longer than told for a server that never answers', async () => {
    const server = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const started = Date.now();
    await expect(kafkajs({ clientId: 't', brokers: [`127.0.0.1:${port}`] }).connect(500)).rejects.toMatchObject({ reason: 'retry' });
    expect(Date.now() - started).toBeLessThan(4_000);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('the producer', () => {
  it('answers with the offset of each record, by position, over topics and partitions', async () => {
    const [a, b] = [await createTopic('producer-a', { partitions: 2 }), await createTopic('producer-b')];
    const producer = await client.producer();
    const first = await producer.send([record(a, 0, '1'), record(b, 0, '2'), record(a, 1, '3'), record(a, 0, '4')]);
    expect(first).toEqual([0, 0, 0, 1]);
    expect(await producer.send([record(a, 1, '5'), record(a, 0, '6')])).toEqual([1, 2]);
    expect(await producer.send([])).toEqual([]);
    await producer.close();
    const values = (await readAll(a)).map(({ partition, offset, value }) => `${partition}@${offset} ${value}`);
    expect(values.sort()).toEqual(['0@0 1', '0@1 4', '0@2 6', '1@0 3', '1@1 5']);
  });

  it('keeps key, tombstone, headers and timestamp, and fills in the time', async () => {
    const topic = await createTopic('producer-parts');
    const producer = await client.producer();
    const sent = Date.now();
    const odd = { none: null, gone: undefined } as unknown as Record<string, Buffer>;
    await producer.send([
      record(topic, 0, 'x', { key: null, headers: { a: text('1'), many: [text('2'), text('3')] }, timestamp: 1_700_000_000_123 }),
      record(topic, 0, 'y', { value: null }),
      record(topic, 0, 'z', { headers: odd }),
    ]);
    await producer.close();
    const [x, y, z] = await readAll(topic);
    expect(x).toMatchObject({
      key: null,
      value: text('x'),
      timestamp: '1700000000123',
      headers: { a: text('1'), many: [text('2'), text('3')] },
    });
    expect(y).toMatchObject({ key: text('ky'), value: null });
    expect(Math.abs(Number(y?.timestamp) - sent)).toBeLessThan(10_000);
    expect(Object.keys(z?.headers ?? {}).sort()).toEqual(['gone', 'none']);
  });

  it('keeps order over many batches', async () => {
    const topic = await createTopic('producer-many', { partitions: 3 });
    const producer = await client.producer();
    const body = Buffer.alloc(10_000, 'x');
    const records = Array.from({ length: 600 }, (_, i) => record(topic, i % 3, '', { key: text(String(i)), value: body }));
    const offsets = await producer.send(records);
    await producer.close();
    expect(offsets).toEqual(records.map((_, i) => Math.floor(i / 3)));
    const read = await readAll(topic);
    expect(read.length).toBe(600);
    for (const { partition, offset, key } of read) expect(Number(String(key))).toBe(Number(offset) * 3 + partition);
  });

  it('refuses one oversized record alone, writes the others, and goes on', async () => {
    const topic = await createTopic('producer-large', { partitions: 2, configs: { 'max.message.bytes': '20000' } });
    const producer = await client.producer();
    const large = record(topic, 0, 'large', { value: Buffer.alloc(30_000, 'x') });
    const failure = await producer
      .send([record(topic, 0, '1'), large, record(topic, 0, '2'), record(topic, 1, '3')])
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RefusedRecordsError);
    expect(failure).toMatchObject({ reason: 'refused', kafkaCode: 'MESSAGE_TOO_LARGE', place: { topic, partition: 0 } });
    expect([...(failure as RefusedRecordsError).refused.keys()]).toEqual([1]);
    expect((failure as RefusedRecordsError).offsets).toEqual([0, undefined, 1, 0]);
    expect(await producer.send([record(topic, 0, '4')])).toEqual([2]);
    await producer.close();
    const values = (await readAll(topic)).map(({ partition, value }) => `${partition} ${value}`).sort();
    expect(values).toEqual(['0 1', '0 2', '0 4', '1 3']);
  });

  it('splits a batch that is larger than the topic takes, though no record is', async () => {
    const topic = await createTopic('producer-split', { configs: { 'max.message.bytes': '20000' } });
    const producer = await client.producer();
    const records = Array.from({ length: 40 }, (_, i) => record(topic, 0, String(i), { value: Buffer.alloc(2_000, 'x') }));
    expect(await producer.send(records)).toEqual(records.map((_, i) => i));
    await producer.close();
  });

  it('refuses a record for a topic or partition that is not there, and only that', async () => {
    const topic = await createTopic('producer-known');
    const missing = unique('producer-missing');
    const producer = await client.producer();
    const failure = await producer
      .send([record(topic, 0, '1'), record(missing, 0, '2'), record(topic, 7, '3')])
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ reason: 'refused', kafkaCode: 'UNKNOWN_TOPIC_OR_PARTITION' });
    expect([...(failure as RefusedRecordsError).refused.keys()].sort()).toEqual([1, 2]);
    expect((failure as RefusedRecordsError).offsets).toEqual([0, undefined, undefined]);
    expect(await producer.send([record(topic, 0, '4')])).toEqual([1]);
    await producer.close();
  });

  it('outlives the deletion of a topic that it has written to', async () => {
    const [kept, gone] = [await createTopic('producer-kept'), await createTopic('producer-gone')];
    const producer = await client.producer();
    await producer.send([record(kept, 0, '1'), record(gone, 0, '2')]);
    await admin.deleteTopics([gone]);
    await expect(producer.send([record(gone, 0, '3')])).rejects.toMatchObject({ reason: 'refused' });
    expect(await producer.send([record(kept, 0, '4')])).toEqual([1]);
    await producer.close();
  });

  it('refuses a key-less record of a compacted topic', async () => {
    const topic = await createTopic('producer-compact', { configs: { 'cleanup.policy': 'compact' } });
    const producer = await client.producer();
    const send = producer.send([record(topic, 0, '1'), record(topic, 0, '2', { key: null }), record(topic, 0, '3')]);
    await expect(send).rejects.toMatchObject({ reason: 'refused', kafkaCode: 'INVALID_RECORD', offsets: [0, undefined, 1] });
    await producer.close();
  });

  it('takes one send at a time', async () => {
    const topic = await createTopic('producer-one');
    const producer = await client.producer();
    const first = producer.send([record(topic, 0, '1')]);
    await expect(producer.send([record(topic, 0, '2')])).rejects.toMatchObject({ code: 'USAGE' });
    expect(await first).toEqual([0]);
    expect(await producer.send([record(topic, 0, '3')])).toEqual([1]);
    await producer.close();
    await expect(producer.send([record(topic, 0, '4')])).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('a batch whose answer was lost', () => {
  it('is sent again under the same number, and is written once', async () => {
    const topic = await createTopic('producer-again');
    const session = await ProducerSession.open({ clientId: 't', brokers: brokers() });
    await session.learn([topic]);
    const leader = session.leader(topic, 0) ?? -1;
    const queues = ['1', '2'].map((value) => {
      const [queue] = partitionQueues([record(topic, 0, value)]);
      return (queue as PartitionQueue).batch();
    });
    const [first, second] = queues as [Batch, Batch];
    const produce = async (batch: Batch) => (await session.produce(leader, [batch]))[0];
    expect(await produce(first)).toMatchObject({ errorCode: 0, baseOffset: 0 });
    expect(await produce(first)).toMatchObject({ errorCode: 0, baseOffset: 0 });
    session.advance(topic, 0, 1);
    expect(await produce(second)).toMatchObject({ errorCode: 0, baseOffset: 1 });
    await session.close();
    expect((await readAll(topic)).map(({ value }) => String(value))).toEqual(['1', '2']);
  });
});

describe('the admin', () => {
  it('makes topics that can be used at once, and says which were there', async () => {
    const [a, b] = [unique('admin-a'), unique('admin-b')];
    expect(await admin.createTopics([{ name: a, partitions: 3, configs: { 'retention.ms': '3600000' } }])).toEqual(new Map([[a, true]]));
    const again = await admin.createTopics([
      { name: a, partitions: 3 },
      { name: b, partitions: 1 },
    ]);
    expect(again).toEqual(
      new Map([
        [a, false],
        [b, true],
      ]),
    );
    expect(await admin.partitionCounts([a, b, unique('none')])).toEqual(
      new Map([
        [a, 3],
        [b, 1],
      ]),
    );
    const [described] = await admin.describeTopics([a, unique('none')]);
    expect(described).toMatchObject({
      name: a,
      partitions: 3,
      replicationFactor: expect.any(Number),
      configs: { 'retention.ms': '3600000' },
    });
    expect(await admin.listTopics()).toEqual(expect.arrayContaining([a, b]));
    await admin.addPartitions(a, 5);
    expect((await admin.partitionCounts([a])).get(a)).toBe(5);
    await admin.deleteTopics([a, b]);
    expect(await admin.partitionCounts([a, b])).toEqual(new Map());
  });

  it('says what was refused, and how to go on', async () => {
    await expect(admin.createTopics([{ name: 'not a name', partitions: 1 }])).rejects.toMatchObject({
      reason: 'refused',
      kafkaCode: 'INVALID_TOPIC_EXCEPTION',
    });
    const topic = await createTopic('admin-shrink', { partitions: 2 });
    await expect(admin.addPartitions(topic, 1)).rejects.toMatchObject({ reason: 'refused', kafkaCode: 'INVALID_PARTITIONS' });
  });

  it('reads watermarks and offsets by time', async () => {
    const topic = await createTopic('admin-offsets', { partitions: 2 });
    const producer = await client.producer();
    await producer.send([1, 2, 3].map((n) => record(topic, 0, String(n), { timestamp: 1_700_000_000_000 + n * 1_000 })));
    await producer.close();
    expect(await admin.watermarks(topic)).toEqual([
      { topic, partition: 0, earliest: 0, latest: 3 },
      { topic, partition: 1, earliest: 0, latest: 0 },
    ]);
    const at = async (ms: number): Promise<number[]> => (await admin.offsetsAt(topic, ms)).map(({ offset }) => offset);
    expect(await at(1_700_000_002_000)).toEqual([1, 0]);
    expect(await at(1_700_000_002_001)).toEqual([2, 0]);
    expect(await at(1_700_000_009_000)).toEqual([3, 0]);
  });

  it("sets, reads and deletes a group's offsets", async () => {
    const [topic, group] = [await createTopic('admin-group', { partitions: 2 }), unique('admin-group')];
    expect((await admin.groupOffsets(group, [topic])).map(({ offset }) => offset)).toEqual([-1, -1]);
    await admin.setGroupOffsets(group, [
      { topic, partition: 0, offset: 5 },
      { topic, partition: 1, offset: 7 },
    ]);
    expect(await admin.groupOffsets(group, [topic])).toEqual([
      { topic, partition: 0, offset: 5, metadata: null },
      { topic, partition: 1, offset: 7, metadata: null },
    ]);
    await admin.deleteGroups([group]);
    expect((await admin.groupOffsets(group, [topic])).map(({ offset }) => offset)).toEqual([-1, -1]);
  });
});
