import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Broker, serve } from '../../src/broker/broker.ts';
import { resolveOptions } from '../../src/broker/options.ts';
import { openDiskStorage } from '../../src/broker/storage/disk-storage.ts';
import { createTopics } from '../../src/wire/apis/admin.ts';
import { fetch, produce } from '../../src/wire/apis/data.ts';
import { offsetCommit, offsetFetch } from '../../src/wire/apis/group.ts';
import { initProducerId } from '../../src/wire/apis/transaction.ts';
import { type BatchOptions, batch, Wire } from '../helpers/wire.ts';
import { valuesOf } from './support/batches.ts';
import { SimDisk } from './support/sim-disk.ts';

const STORAGE_ERROR = 56;
const NOT_COORDINATOR = 16;

let disk: SimDisk;
let broker: Broker;
let wire: Wire;

async function open(durability: 'os' | 'fsync' = 'os'): Promise<void> {
  const lock = async () => ({ release: async () => {} });
  const storage = await openDiskStorage({ folder: '/data', durability, report: () => {} }, disk, lock);
  broker = await serve(resolveOptions({}), storage);
  wire = await Wire.connect(broker.address);
}

beforeEach(async () => {
  disk = new SimDisk();
  await open();
});
afterEach(async () => {
  disk.isFull = false;
  wire.close();
  await broker.close();
});

async function createTopic(name: string): Promise<number | undefined> {
  const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  return (await wire.send(createTopics, 2, { topics: [topic], timeoutMs: 1000, validateOnly: false })).topics[0]?.errorCode;
}

async function send(options: BatchOptions) {
  const data = { index: 0, records: [batch(options)] };
  const { topics } = await wire.send(produce, 7, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 1000,
    topics: [{ name: 't', partitions: [data] }],
  });
  const { errorCode, baseOffset } = topics[0]?.partitions[0] ?? {};
  return { errorCode, baseOffset };
}

async function values(): Promise<string[]> {
  const asked = { index: 0, fetchOffset: 0, maxBytes: 1_000_000 };
  const request = { replicaId: -1, maxWaitMs: 0, minBytes: 1, maxBytes: 1_000_000, isolationLevel: 0, sessionId: 0, sessionEpoch: -1 };
  const { topics } = await wire.send(fetch, 11, { ...request, topics: [{ name: 't', partitions: [asked] }] });
  return valuesOf(topics[0]?.partitions[0]?.records ?? []).map(({ offset, value }) => `${offset}:${value}`);
}

async function commit(offset: number): Promise<number | undefined> {
  const topics = [{ name: 't', partitions: [{ index: 0, offset, metadata: '' }] }];
  const answer = await wire.send(offsetCommit, 2, { groupId: 'g', generationId: -1, memberId: '', topics });
  return answer.topics[0]?.partitions[0]?.errorCode;
}

async function committed(): Promise<number | undefined> {
  const { topics } = await wire.send(offsetFetch, 5, { groupId: 'g', topics: [{ name: 't', partitions: [0] }] });
  return topics[0]?.partitions[0]?.offset;
}

describe.each(['os', 'fsync'] as const)('a full disk, with durability %s,', (durability) => {
  beforeEach(async () => {
    wire.close();
    await broker.close();
    await open(durability);
    expect(await createTopic('t')).toBe(0);
  });

  it('is told to producers, leaves no half batch behind, and passes', async () => {
    const { producerId } = await wire.send(initProducerId, 1, { transactionalId: null, transactionTimeoutMs: 1000 });
    const numbered = (values: string[], baseSequence: number) => ({ values, producerId, producerEpoch: 0, baseSequence });
    expect(await send(numbered(['a'], 0))).toEqual({ errorCode: 0, baseOffset: 0 });
    disk.isFull = true;
    for (let i = 0; i < 3; i++) expect(await send(numbered(['b', 'c'], 1))).toEqual({ errorCode: STORAGE_ERROR, baseOffset: -1 });
    expect(await values()).toEqual(['0:a']);
    disk.isFull = false;
    expect(await send(numbered(['b', 'c'], 1))).toEqual({ errorCode: 0, baseOffset: 1 });
    expect(await send(numbered(['b', 'c'], 1))).toEqual({ errorCode: 0, baseOffset: 1 });
    wire.close();
    disk = disk.reopen('kill', (n) => n);
    await broker.close();
    await open(durability);
    expect(await values()).toEqual(['0:a', '1:b', '2:c']);
  });

  it('refuses new topics and commits, and keeps what was there', async () => {
    expect(await commit(5)).toBe(0);
    disk.isFull = true;
    expect(await createTopic('more')).toBe(STORAGE_ERROR);
    expect(await commit(6)).toBe(NOT_COORDINATOR);
    expect(await committed()).toBe(5);
    disk.isFull = false;
    expect(await createTopic('more')).toBe(0);
    expect(await commit(7)).toBe(0);
    expect(await committed()).toBe(7);
  });
});
