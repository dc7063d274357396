import { afterEach, describe, expect, it } from 'vitest';
import { fetch, produce } from '../../src/wire/apis/data.ts';
import { ErrorCode } from '../../src/wire/error-code.ts';
import { createTopic, unique, withAdmin } from '../helpers/broker.ts';
import { batch, Wire } from '../helpers/wire.ts';

const open: Wire[] = [];
afterEach(() => {
  for (const wire of open.splice(0)) wire.close();
});

async function leader(topic: string): Promise<Wire> {
  const wire = await Wire.toLeader(topic);
  open.push(wire);
  return wire;
}

interface Wish {
  readonly offset?: number;
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly partitionMaxBytes?: number;
  readonly partitions?: readonly number[];
}

async function fetchFrom(wire: Wire, topic: string, wish: Wish = {}) {
  const { offset = 0, maxWaitMs = 0, minBytes = 1, maxBytes = 10_000_000, partitionMaxBytes = 1_000_000, partitions = [0] } = wish;
  const asked = partitions.map((index) => ({ index, fetchOffset: offset, maxBytes: partitionMaxBytes }));
  const common = { replicaId: -1, maxWaitMs, minBytes, maxBytes, isolationLevel: 0, sessionId: 0, sessionEpoch: -1 };
  const { topics } = await wire.send(fetch, 11, { ...common, topics: [{ name: topic, partitions: asked }], forgotten: [], rackId: '' });
  return (topics[0]?.partitions ?? []).map((partition) => ({ ...partition, bytes: Buffer.concat(partition.records ?? []) }));
}

async function write(wire: Wire, topic: string, records: Buffer, index = 0): Promise<void> {
  const topics = [{ name: topic, partitions: [{ index, records: [records] }] }];
  const answer = await wire.send(produce, 7, { transactionalId: null, acks: -1, timeoutMs: 5000, topics });
  expect(answer.topics[0]?.partitions[0]?.errorCode).toBe(0);
}

describe('fetch', () => {
  it('gives the bytes of the batch as they were sent, but for offset and leader epoch', async () => {
    const topic = await createTopic('bytes');
    const wire = await leader(topic);
    const sent = batch({ values: ['a', null], leaderEpoch: 55 });
    await write(wire, topic, batch());
    await write(wire, topic, sent);
    const [answer] = await fetchFrom(wire, topic, { offset: 1 });
    expect(answer).toMatchObject({ errorCode: 0, highWatermark: 3, lastStableOffset: 3, logStartOffset: 0 });
    expect(answer?.bytes.subarray(16)).toEqual(sent.subarray(16));
    expect(answer?.bytes.readBigInt64BE(0)).toBe(1n);
    expect(answer?.bytes.readInt32BE(12)).toBe(0);
  });

  it('from the middle of a batch gives the whole batch', async () => {
    const topic = await createTopic('middle');
    const wire = await leader(topic);
    await write(wire, topic, batch({ values: ['a', 'b', 'c'] }));
    const [answer] = await fetchFrom(wire, topic, { offset: 2 });
    expect(answer?.bytes.readBigInt64BE(0)).toBe(0n);
  });

  it('gives one batch even when it is over every limit', async () => {
    const topic = await createTopic('limits');
    const wire = await leader(topic);
    const large = batch({ values: ['x'.repeat(5000)] });
    await write(wire, topic, large);
    await write(wire, topic, large);
    const [answer] = await fetchFrom(wire, topic, { maxBytes: 100, partitionMaxBytes: 100 });
    expect(answer?.bytes.length).toBeGreaterThanOrEqual(large.length);
  });

  it('at the end waits for the next record and no longer', async () => {
    const topic = await createTopic('long-poll');
    const [reader, writer] = [await leader(topic), await leader(topic)];
    const waiting = fetchFrom(reader, topic, { maxWaitMs: 20_000 });
    const started = performance.now();
    await write(writer, topic, batch());
    expect((await waiting)[0]).toMatchObject({ errorCode: 0, highWatermark: 1 });
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('at the end is answered empty when the time is up', async () => {
    const topic = await createTopic('time-up');
    const started = performance.now();
    const [answer] = await fetchFrom(await leader(topic), topic, { maxWaitMs: 300 });
    expect(answer).toMatchObject({ errorCode: 0, highWatermark: 0 });
    expect(answer?.bytes.length).toBe(0);
    expect(performance.now() - started).toBeGreaterThanOrEqual(290);
  });

  it('waits until minBytes are there', async () => {
    const topic = await createTopic('min-bytes');
    const [reader, writer] = [await leader(topic), await leader(topic)];
    const waiting = fetchFrom(reader, topic, { maxWaitMs: 20_000, minBytes: 1500 });
    for (let i = 0; i < 2; i++) await write(writer, topic, batch({ values: ['x'.repeat(1000)] }));
    expect((await waiting)[0]?.bytes.length).toBeGreaterThanOrEqual(1500);
  });

  it.each([-1, 5])('of offset %i is out of range', async (offset) => {
    const topic = await createTopic('range');
    const [answer] = await fetchFrom(await leader(topic), topic, { offset, maxWaitMs: 20_000 });
    expect(answer).toMatchObject({ errorCode: ErrorCode.OFFSET_OUT_OF_RANGE });
  });

  it('of a partition or topic that is not there says so at once', async () => {
    const topic = await createTopic('known');
    const wire = await leader(topic);
    expect(await fetchFrom(wire, topic, { partitions: [3], maxWaitMs: 20_000 })).toMatchObject([
      { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION },
    ]);
    expect(await fetchFrom(wire, unique('absent'), { maxWaitMs: 20_000 })).toMatchObject([
      { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION },
    ]);
  });

  it('that waits is told when its topic is deleted', async () => {
    const topic = await createTopic('deleted');
    const waiting = fetchFrom(await leader(topic), topic, { maxWaitMs: 20_000 });
    await withAdmin((admin) => admin.deleteTopics({ topics: [topic] }));
    expect((await waiting)[0]?.errorCode).not.toBe(0);
  });
});
