import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker/index.ts';
import { createTopics } from '../../src/wire/apis/admin.ts';
import { incrementalAlterConfigs } from '../../src/wire/apis/config.ts';
import { fetch, produce } from '../../src/wire/apis/data.ts';
import { addPartitionsToTxn, endTxn, initProducerId } from '../../src/wire/apis/transaction.ts';
import { batch, errorCodes, Wire } from '../helpers/wire.ts';
import { batchesOf, valuesOf } from './support/batches.ts';

const HOUR = 3_600_000;
const ROUND_MS = 15_000;

describe.each(['memory', 'disk'] as const)('a compacted topic in %s', (storage) => {
  let data: string | undefined;
  let broker: Broker;
  let wire: Wire;

  beforeEach(async () => {
    data = storage === 'disk' ? mkdtempSync(join(tmpdir(), 'streamer-compaction-')) : undefined;
    await start();
  });
  afterEach(async () => {
    wire.close();
    await broker.close();
    if (data !== undefined) rmSync(data, { recursive: true });
  });

  async function start(): Promise<void> {
    broker = await startBroker({ clock: 'manual', ...(data !== undefined && { data }) });
    wire = await Wire.connect(broker.address);
  }

  /** With segments of an hour, each compacted when the next has begun. */
  async function make(name: string, configs: Readonly<Record<string, string>> = {}): Promise<void> {
    const all = { 'cleanup.policy': 'compact', 'segment.ms': String(HOUR), 'min.cleanable.dirty.ratio': '0', ...configs };
    const entries = Object.entries(all).map(([key, value]) => ({ name: key, value }));
    const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: entries };
    const { topics } = await wire.send(createTopics, 3, { topics: [topic], timeoutMs: 1000, validateOnly: false });
    expect(topics[0]?.errorCode).toBe(0);
  }

  async function put(name: string, records: Readonly<Record<string, string | null>>, more: object = {}): Promise<void> {
    const { now: timestamp } = await broker.dump();
    const records_ = [batch({ keys: Object.keys(records), values: Object.values(records), timestamp, ...more })];
    const transactionalId = 'producerId' in more ? 'x' : null;
    const topics = [{ name, partitions: [{ index: 0, records: records_ }] }];
    expect(errorCodes(await wire.send(produce, 7, { transactionalId, acks: -1, timeoutMs: 1000, topics }))).toEqual([0]);
  }

  async function bytesFrom(name: string, fetchOffset: number): Promise<readonly Buffer[]> {
    const limits = { replicaId: -1, maxWaitMs: 0, minBytes: 0, maxBytes: 100_000, isolationLevel: 0 };
    const { topics } = await wire.send(fetch, 11, {
      ...limits,
      topics: [{ name, partitions: [{ index: 0, fetchOffset, maxBytes: 100_000 }] }],
    });
    expect(topics[0]?.partitions[0]?.errorCode).toBe(0);
    return topics[0]?.partitions[0]?.records ?? [];
  }

  /** `offset key=value`, tombstones as `offset key!`. */
  async function read(name: string, from = 0): Promise<string[]> {
    const data = await bytesFrom(name, from);
    const controls = new Set(batchesOf(data).flatMap(({ commits, baseOffset }) => (commits === undefined ? [] : [baseOffset])));
    return valuesOf(data)
      .filter(({ offset }) => !controls.has(offset))
      .map(({ offset, key, value, isTombstone }) => `${offset} ${key}${isTombstone ? '!' : `=${value}`}`);
  }

  /** A new segment begins with the next record. */
  async function nextSegment(name: string): Promise<void> {
    await broker.advance(HOUR + 1);
    await put(name, { filler: 'x' });
    await broker.advance(ROUND_MS);
  }

  it('keeps the newest record of each key at its offset, and all of the newest segment', async () => {
    await make('t');
    await put('t', { a: '1', b: '1', c: '1' });
    await put('t', { a: '2' });
    await put('t', { b: '2' });
    expect(await read('t')).toHaveLength(5);
    await nextSegment('t');
    expect(await read('t')).toEqual(['2 c=1', '3 a=2', '4 b=2', '5 filler=x']);
    expect(await read('t', 3)).toEqual(['3 a=2', '4 b=2', '5 filler=x']);
    await put('t', { a: '3' });
    await nextSegment('t');
    expect(await read('t')).toEqual(['2 c=1', '4 b=2', '5 filler=x', '6 a=3', '7 filler=x']);
    expect((await broker.dump()).topics.t?.partitions[0]).toMatchObject({ startOffset: 0, endOffset: 8 });
  });

  it('keeps a tombstone for delete.retention.ms, then not even that', async () => {
    await make('t', { 'delete.retention.ms': String(5 * HOUR) });
    await put('t', { a: '1', b: '1' });
    await put('t', { a: null });
    await nextSegment('t');
    expect(await read('t')).toEqual(['1 b=1', '2 a!', '3 filler=x']);
    await nextSegment('t');
    expect(await read('t')).toContain('2 a!');
    await broker.advance(5 * HOUR);
    await nextSegment('t');
    expect((await read('t'))[0]).toBe('1 b=1');
    expect((await read('t')).some((one) => one.includes(' a'))).toBe(false);
  });

  it('leaves what is younger than min.compaction.lag.ms, and cleans when the setting is changed', async () => {
    await make('t', { 'min.compaction.lag.ms': String(100 * HOUR) });
    await put('t', { a: '1' });
    await put('t', { a: '2' });
    await nextSegment('t');
    expect(await read('t')).toContain('0 a=1');
    const change = { name: 'min.compaction.lag.ms', operation: 1, value: null };
    const resources = [{ type: 2, name: 't', configs: [change] }];
    expect(errorCodes(await wire.send(incrementalAlterConfigs, 1, { resources, validateOnly: false }))).toEqual([0]);
    await broker.advance(ROUND_MS);
    expect(await read('t')).not.toContain('0 a=1');
  });

  it('waits for min.cleanable.dirty.ratio, but not longer than max.compaction.lag.ms', async () => {
    await make('t', { 'min.cleanable.dirty.ratio': '0.9', 'max.compaction.lag.ms': String(3 * HOUR) });
    await put('t', { a: '1', b: 'x'.repeat(2000) });
    await put('t', { a: '2' });
    await nextSegment('t');
    expect((await read('t'))[0]).toMatch(/^1 b/);
    await put('t', { a: '3' });
    await nextSegment('t');
    expect(await read('t')).toContain('2 a=2');
    await broker.advance(3 * HOUR);
    expect(await read('t')).not.toContain('2 a=2');
  });

  it('with compact and delete drops old segments besides', async () => {
    await make('t', { 'cleanup.policy': 'compact,delete', 'retention.ms': String(10 * HOUR) });
    await put('t', { a: '1' });
    await put('t', { a: '2' });
    await nextSegment('t');
    expect(await read('t')).toEqual(['1 a=2', '2 filler=x']);
    await broker.advance(9 * HOUR);
    await nextSegment('t');
    await broker.advance(300_000);
    const startOffset = (await broker.dump()).topics.t?.partitions[0]?.startOffset ?? 0;
    expect(startOffset).toBeGreaterThan(1);
    expect((await read('t', startOffset)).some((one) => one.includes('a='))).toBe(false);
  });

  it('is not touched from an open transaction on; aborted records go, committed ones count', async () => {
    await make('t', { 'segment.ms': '60000' });
    const { producerId, producerEpoch } = await wire.send(initProducerId, 3, { transactionalId: 'x', transactionTimeoutMs: 900_000 });
    const owner = { transactionalId: 'x', producerId, producerEpoch };
    let baseSequence = 0;
    const transaction = async (records: Readonly<Record<string, string>>) => {
      await wire.send(addPartitionsToTxn, 3, { ...owner, topics: [{ name: 't', partitions: [0] }] });
      await put('t', records, { attributes: 0x10, producerId, producerEpoch, baseSequence: baseSequence++ });
    };
    await put('t', { a: '1' });
    await put('t', { a: '2' });
    await transaction({ a: 'aborted' });
    await wire.send(endTxn, 3, { ...owner, isCommitted: false });
    await transaction({ b: '1' });
    await wire.send(endTxn, 3, { ...owner, isCommitted: true });
    await broker.advance(60_001);
    await put('t', { c: '1', d: '0' });
    await transaction({ d: '1' });
    await broker.advance(60_001);
    await put('t', { later: '1' });
    await broker.advance(ROUND_MS);
    expect(await read('t')).toEqual(['1 a=2', '4 b=1', '6 c=1', '7 d=0', '8 d=1', '9 later=1']);
    expect(await wire.send(endTxn, 3, { ...owner, isCommitted: true })).toMatchObject({ errorCode: 0 });
    await broker.advance(ROUND_MS);
    expect(await read('t')).toEqual(['1 a=2', '4 b=1', '6 c=1', '8 d=1', '9 later=1']);
  });

  it('has the same after a restart, with all its offsets', async () => {
    if (storage === 'memory') return;
    await make('t');
    for (let i = 0; i < 5; i++) await put('t', { a: String(i), b: String(i) });
    await nextSegment('t');
    const before = await read('t');
    expect(before).toEqual(['8 a=4', '9 b=4', '10 filler=x']);
    wire.close();
    await broker.close();
    await start();
    expect(await read('t')).toEqual(before);
    expect((await broker.dump()).topics.t?.partitions[0]).toMatchObject({ startOffset: 0, endOffset: 11 });
  });
});
