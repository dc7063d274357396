import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Admin, Kafka, logLevel, type Producer } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { metadata } from '../../src/wire/apis/admin.ts';
import { fetch, produce } from '../../src/wire/apis/data.ts';
import { offsetFetch } from '../../src/wire/apis/group.ts';
import { addOffsetsToTxn, addPartitionsToTxn, endTxn, initProducerId, txnOffsetCommit } from '../../src/wire/apis/transaction.ts';
import { batch, errorCodes, Wire } from '../helpers/wire.ts';
import { BrokerProcess, freePort } from './soak/broker-process.ts';
import { committedValues } from './support/batches.ts';

let data: string;
let port: number;
let running: BrokerProcess[];

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'streamer-restart-'));
  port = await freePort();
  running = [];
});
afterEach(async () => {
  for (const broker of running) await broker.kill();
  rmSync(data, { recursive: true });
});

async function start(): Promise<BrokerProcess> {
  const broker = new BrokerProcess({ data, port, durability: 'os' });
  running.push(broker);
  await broker.ready;
  return broker;
}

/** One that does not give up while the broker is away. */
function kafka(): Kafka {
  return new Kafka({
    brokers: [`127.0.0.1:${port}`],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 30, maxRetryTime: 100, retries: 1000 },
  });
}

async function withAdmin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka().admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

const createTopic = (topic: string, partitions = 1) =>
  withAdmin((admin) => admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: false }));

async function topicIds(...names: string[]): Promise<Array<string | undefined>> {
  const wire = await Wire.connect(`127.0.0.1:${port}`);
  const { topics } = await wire.send(metadata, 12, { topics: names.map((name) => ({ name })), allowAutoTopicCreation: false });
  wire.close();
  return names.map((name) => topics.find((topic) => topic.name === name)?.topicId);
}

async function send(producer: Producer, topic: string, ...values: string[]): Promise<string | undefined> {
  const [answer] = await producer.send({ topic, messages: values.map((value) => ({ value, partition: 0 })) });
  return answer?.baseOffset;
}

/** Consumes until `count` values came, commits them, and leaves. */
async function consume(groupId: string, topic: string, count: number): Promise<string[]> {
  const consumer = kafka().consumer({ groupId, maxWaitTimeInMs: 100 });
  const values: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }) => {
      if (values.push(String(message.value)) >= count) setImmediate(resolve);
    };
    consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || reject(payload.error));
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.stop();
  await consumer.disconnect();
  return values;
}

describe('a broker that is stopped and started on the same folder', () => {
  it('has its records, and groups go on where they committed', async () => {
    const first = await start();
    await createTopic('orders');
    const producer = kafka().producer();
    await producer.connect();
    await send(producer, 'orders', 'a', 'b', 'c');
    expect(await consume('billing', 'orders', 3)).toEqual(['a', 'b', 'c']);
    expect(await first.stop()).toBe(0);
    expect(readdirSync(data)).toContain('clean');
    const second = await start();
    expect(second.stderr).toBe('');
    // The same client, which saw its broker go.
    expect(await send(producer, 'orders', 'd')).toBe('3');
    await producer.disconnect();
    expect(await consume('billing', 'orders', 1)).toEqual(['d']);
    expect(await consume('audit', 'orders', 4)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('has the topics under their ids, and gives another id to one that is made again', async () => {
    const first = await start();
    await createTopic('orders');
    await createTopic('gone');
    const ids = await topicIds('orders', 'gone');
    expect(new Set(ids).size).toBe(2);
    await withAdmin((admin) => admin.deleteTopics({ topics: ['gone'] }));
    await createTopic('gone');
    await first.stop();
    await start();
    const [orders, gone] = await topicIds('orders', 'gone');
    expect(orders).toBe(ids[0]);
    expect(gone).not.toBe(ids[1]);
  });

  it('is found again by a consumer and an idempotent producer that went on', async () => {
    const first = await start();
    await createTopic('ticks');
    const producer = kafka().producer({ idempotent: true, maxInFlightRequests: 1 });
    const consumer = kafka().consumer({ groupId: 'watch', maxWaitTimeInMs: 100, sessionTimeout: 6000, heartbeatInterval: 300 });
    const seen: string[] = [];
    await Promise.all([producer.connect(), consumer.connect()]);
    await consumer.subscribe({ topic: 'ticks', fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void seen.push(String(message.value)) });
    await send(producer, 'ticks', 'before');
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['before']);
    await first.kill();
    const sending = send(producer, 'ticks', 'while away');
    await start();
    expect(await sending).toBe('1');
    await expect.poll(() => seen.at(-1), { timeout: 20_000 }).toBe('while away');
    await Promise.all([producer.disconnect(), consumer.disconnect()]);
  });

  it('keeps settings, partitions, deleted records and the cluster id, and no deleted topic', async () => {
    const first = await start();
    await createTopic('kept', 2);
    await createTopic('gone');
    const producer = kafka().producer();
    await producer.connect();
    await send(producer, 'kept', 'a', 'b', 'c');
    await send(producer, 'gone', 'x', 'y');
    await producer.disconnect();
    await consume('readers', 'gone', 2);
    const before = await withAdmin(async (admin) => {
      await admin.createPartitions({ topicPartitions: [{ topic: 'kept', count: 3 }] });
      await admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: 2, name: 'kept', configEntries: [{ name: 'retention.ms', value: '123456789' }] }],
      });
      await admin.deleteTopicRecords({ topic: 'kept', partitions: [{ partition: 0, offset: '2' }] });
      await admin.deleteTopics({ topics: ['gone'] });
      return (await admin.describeCluster()).clusterId;
    });
    await first.kill();
    await start();
    await withAdmin(async (admin) => {
      expect((await admin.describeCluster()).clusterId).toBe(before);
      expect(await admin.listTopics()).toEqual(['kept']);
      expect(readdirSync(join(data, 'topics'))).toEqual(['kept-0']);
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: 2, name: 'kept', configNames: ['retention.ms'] }],
      });
      expect(resources[0]?.configEntries[0]?.configValue).toBe('123456789');
      const offsets = await admin.fetchTopicOffsets('kept');
      expect(offsets.map(({ low, high }) => [low, high]).sort()).toEqual([
        ['0', '0'],
        ['0', '0'],
        ['2', '3'],
      ]);
    });
    await createTopic('gone');
    const [offsets] = await withAdmin((admin) => admin.fetchOffsets({ groupId: 'readers', topics: ['gone'] }));
    expect(offsets?.partitions).toMatchObject([{ offset: '-1' }]);
  });
});

describe('a broker that is killed while transactions are open', () => {
  const X = { transactionalId: 'x', transactionTimeoutMs: 60_000 };

  async function connect(): Promise<Wire> {
    return Wire.connect(`127.0.0.1:${port}`);
  }

  async function write(wire: Wire, owner: { producerId: number; producerEpoch: number }, baseSequence: number, value: string) {
    const partitions = [{ index: 0, records: [batch({ values: [value], attributes: 0x10, baseSequence, ...owner })] }];
    const topics = [{ name: 'paid', partitions }];
    return errorCodes(await wire.send(produce, 7, { transactionalId: 'x', acks: -1, timeoutMs: 1000, topics }));
  }

  async function committed(wire: Wire) {
    const partitions = [{ index: 0, fetchOffset: 0, maxBytes: 10_000 }];
    const limits = { replicaId: -1, maxWaitMs: 0, minBytes: 0, maxBytes: 10_000, isolationLevel: 1 };
    const { topics } = await wire.send(fetch, 11, { ...limits, topics: [{ name: 'paid', partitions }] });
    const [found] = topics[0]?.partitions ?? [];
    const values = committedValues(found?.records ?? [], found?.abortedTransactions ?? []);
    return { values, isStable: found?.lastStableOffset === found?.highWatermark };
  }

  it('lets their producers go on and end them, and still knows those that were aborted', async () => {
    const first = await start();
    await createTopic('paid');
    const before = await connect();
    const { producerId, producerEpoch } = await before.send(initProducerId, 3, X);
    const owner = { transactionalId: 'x', producerId, producerEpoch };
    const added = { ...owner, topics: [{ name: 'paid', partitions: [0] }] };
    await before.send(addPartitionsToTxn, 3, added);
    expect(await write(before, owner, 0, 'aborted')).toEqual([0]);
    await before.send(endTxn, 3, { ...owner, isCommitted: false });
    await before.send(addPartitionsToTxn, 3, added);
    expect(await write(before, owner, 1, 'one')).toEqual([0]);
    await before.send(addOffsetsToTxn, 3, { ...owner, groupId: 'g' });
    const offsets = [{ name: 'paid', partitions: [{ index: 0, offset: 7, metadata: '' }] }];
    await before.send(txnOffsetCommit, 3, { ...owner, groupId: 'g', topics: offsets });
    await first.kill();
    await start();
    const after = await connect();
    const stable = { groupId: 'g', topics: [{ name: 'paid', partitions: [0] }], requireStable: true };
    expect(await committed(after)).toEqual({ values: [], isStable: false });
    expect((await after.send(offsetFetch, 7, stable)).topics[0]?.partitions[0]).toMatchObject({ errorCode: 88, offset: -1 });
    expect(await write(after, owner, 2, 'two')).toEqual([0]);
    expect((await after.send(endTxn, 3, { ...owner, isCommitted: true })).errorCode).toBe(0);
    expect(await committed(after)).toEqual({ values: ['one', 'two'], isStable: true });
    expect((await after.send(offsetFetch, 7, stable)).topics[0]?.partitions[0]).toMatchObject({ errorCode: 0, offset: 7 });
    await running.at(-1)?.kill();
    await start();
    const last = await connect();
    expect(await committed(last)).toEqual({ values: ['one', 'two'], isStable: true });
    expect(await last.send(initProducerId, 3, X)).toMatchObject({ errorCode: 0, producerId, producerEpoch: producerEpoch + 1 });
    for (const wire of [before, after, last]) wire.close();
  });
});

describe('a data folder', () => {
  it('has one owner, which a second broker names; a killed owner leaves it free', async () => {
    const owner = await start();
    const other = new BrokerProcess({ data, port: await freePort(), durability: 'os' });
    expect(await other.ended).toBe(2);
    expect(other.stderr).toContain(`in use by the broker with process id ${owner.process.pid}`);
    expect(other.stderr).toContain('--data');
    await owner.kill();
    expect(existsSync(join(data, 'owner.sock'))).toBe(true);
    await start();
    expect(JSON.parse(readFileSync(join(data, 'owner.json'), 'utf8')).pid).toBe(running.at(-1)?.process.pid);
  });

  it('of two that find it free at once, one gets it', async () => {
    await (await start()).kill();
    const rivals = await Promise.all(
      Array.from({ length: 4 }, async () => new BrokerProcess({ data, port: await freePort(), durability: 'os' })),
    );
    running.push(...rivals);
    const outcomes = await Promise.allSettled(rivals.map(({ ready }) => ready));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const [i, rival] of rivals.entries()) if (outcomes[i]?.status === 'rejected') expect(rival.stderr).toContain('in use by');
  });

  it.each([
    { name: 'of a newer format', file: 'FORMAT', content: '3\n', message: /format 3, written by a newer version/ },
    { name: 'whose snapshot is damaged', file: 'snapshot', content: 'x', message: /snapshot has 1 bytes, and had \d+ at the last stop/ },
    { name: 'that is none', file: 'notes.txt', content: 'hello', message: /is not a broker's data folder/ },
  ])('$name is refused', async ({ file, content, message }) => {
    if (file !== 'notes.txt') await (await start()).stop();
    writeFileSync(join(data, file), content);
    const refused = new BrokerProcess({ data, port, durability: 'os' });
    expect(await refused.ended).toBe(2);
    expect(refused.stderr).toMatch(message);
  });
});
