import { setTimeout as sleep } from 'node:timers/promises';
import type { Producer } from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker/index.ts';
import type { KafkaAdmin, KafkaClient, KafkaReader, ReaderOptions, ReadRange } from '../../src/kafka/client.ts';
import { kafkajs } from '../../src/kafka/index.ts';
import { RangeReading } from '../../src/kafka/kafkajs/reader/range-reading.ts';
import { createTopic, client as stockClient, unique, withProducer } from '../helpers/broker.ts';
import { createClient, until } from './support/recorder.ts';

let client: KafkaClient;
let admin: KafkaAdmin;
const readers: KafkaReader[] = [];

beforeAll(async () => {
  client = createClient('reader');
  admin = await client.admin();
});
afterEach(async () => {
  await Promise.all(readers.splice(0).map((reader) => reader.close()));
});
afterAll(() => client.close());

async function open(options?: ReaderOptions, from = client): Promise<KafkaReader> {
  const reader = await from.reader(options);
  readers.push(reader);
  return reader;
}

async function fill(topic: string, partition: number, values: readonly string[]): Promise<void> {
  await withProducer((producer) => producer.send({ topic, messages: values.map((value) => ({ value, partition })) }));
}

/** Values from `from` to `to`, by partition, and where each one ended. */
async function read(reader: KafkaReader, ranges: readonly ReadRange[]) {
  const values = new Map<string, string[]>();
  const ends = new Map<string, number>();
  for await (const { partition, records, nextOffset } of reader.read(ranges)) {
    const name = `${partition.topic}/${partition.partition}`;
    const { length } = records;
    const made = [...records].map(({ value }) => String(value));
    expect(made).toHaveLength(length);
    expect(nextOffset).toBeGreaterThanOrEqual(ends.get(name) ?? 0);
    values.set(name, [...(values.get(name) ?? []), ...made]);
    ends.set(name, nextOffset);
  }
  return { values: Object.fromEntries(values), ends: Object.fromEntries(ends) };
}

const numbers = (count: number, prefix = '') => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

/** Runs `use` with a transaction of the stock client. */
async function inTransaction<T>(use: (transaction: Awaited<ReturnType<Producer['transaction']>>) => Promise<T>): Promise<T> {
  const producer = stockClient().producer({ transactionalId: unique('reader-tx'), maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  try {
    return await use(await producer.transaction());
  } finally {
    await producer.disconnect();
  }
}

async function endOf(topic: string, isolation: 'committed' | 'uncommitted', latest: number): Promise<void> {
  for (const deadline = Date.now() + 10_000; ; await sleep(20)) {
    const [found] = await admin.watermarks(topic, { isolation });
    if (found?.latest === latest) return;
    if (Date.now() > deadline) throw new Error(`${topic} ends at ${found?.latest}, and not at ${latest}`);
  }
}

describe('a reader', () => {
  it('reads stretches of several partitions and topics, each from its first to its last offset', async () => {
    const [one, other] = [await createTopic('reader', { partitions: 3 }), await createTopic('reader')];
    await fill(one, 0, numbers(10, 'a'));
    await fill(one, 2, numbers(7, 'c'));
    await fill(other, 0, numbers(5, 'x'));
    const reader = await open();
    const { values, ends } = await read(reader, [
      { topic: one, partition: 0, from: 2, to: 8 },
      { topic: one, partition: 1, from: 0, to: 0 },
      { topic: one, partition: 2, from: 0, to: 7 },
      { topic: other, partition: 0, from: 4, to: 5 },
    ]);
    expect(values).toEqual({
      [`${one}/0`]: ['a2', 'a3', 'a4', 'a5', 'a6', 'a7'],
      [`${one}/1`]: [],
      [`${one}/2`]: numbers(7, 'c'),
      [`${other}/0`]: ['x4'],
    });
    expect(ends).toEqual({ [`${one}/0`]: 8, [`${one}/1`]: 0, [`${one}/2`]: 7, [`${other}/0`]: 5 });
  });

  it('reads more than a fetch brings, in order, and the same partition in two reads at once', async () => {
    const topic = await createTopic('reader', { partitions: 2 });
    const values = numbers(300, 'x'.repeat(1_000));
    for (let i = 0; i < 300; i += 10) await fill(topic, (i / 10) % 2, values.slice(i, i + 10));
    const reader = await open({ maxBytesPerPartition: 8_000 });
    const ranges = [0, 1].map((partition) => ({ topic, partition, from: 0, to: 150 }));
    const all = await Promise.all([read(reader, ranges), read(reader, ranges)]);
    const expected = [0, 1].map((partition) => values.filter((_, index) => Math.floor(index / 10) % 2 === partition));
    for (const { values: found } of all) expect(found).toEqual({ [`${topic}/0`]: expected[0], [`${topic}/1`]: expected[1] });
  });

  it('leaves aborted records and markers out, and ends behind them; reads them where all records are wanted', async () => {
    const topic = await createTopic('reader');
    await fill(topic, 0, ['before']);
    await inTransaction(async (transaction) => {
      await transaction.send({ topic, messages: [{ value: 'aborted' }, { value: 'aborted too' }] });
      await transaction.abort();
    });
    await inTransaction(async (transaction) => {
      await transaction.send({ topic, messages: [{ value: 'committed' }] });
      await transaction.commit();
    });
    await endOf(topic, 'committed', 6);
    const range = { topic, partition: 0, from: 0, to: 6 };
    expect(await read(await open(), [range])).toEqual({
      values: { [`${topic}/0`]: ['before', 'committed'] },
      ends: { [`${topic}/0`]: 6 },
    });
    expect(await read(await open({ isolation: 'uncommitted' }), [range])).toEqual({
      values: { [`${topic}/0`]: ['before', 'aborted', 'aborted too', 'committed'] },
      ends: { [`${topic}/0`]: 6 },
    });
  });

  it('waits at an open transaction, and goes on to the end that was asked for when it is committed', async () => {
    const topic = await createTopic('reader');
    await fill(topic, 0, ['before']);
    await inTransaction(async (transaction) => {
      await transaction.send({ topic, messages: [{ value: 'open' }] });
      await fill(topic, 0, ['behind']);
      await endOf(topic, 'uncommitted', 3);
      const seen: string[] = [];
      const reading = (async () => {
        for await (const { records } of (await open()).read([{ topic, partition: 0, from: 0, to: 3 }]))
          for (const { value } of records) seen.push(String(value));
      })();
      await until('what is stable has been read', () => seen.length === 1);
      await sleep(600);
      expect(seen).toEqual(['before']);
      await transaction.commit();
      await reading;
      expect(seen).toEqual(['before', 'open', 'behind']);
    });
  });

  it('goes on at the start of a log that was cut above its position, and ends when nothing is left', async () => {
    const topic = await createTopic('reader', { partitions: 2 });
    await fill(topic, 0, numbers(10));
    await fill(topic, 1, numbers(10));
    await admin.deleteRecords([
      { topic, partition: 0, offset: 6 },
      { topic, partition: 1, offset: 10 },
    ]);
    const ranges = [0, 1].map((partition) => ({ topic, partition, from: 1, to: 9 }));
    expect(await read(await open(), ranges)).toEqual({
      values: { [`${topic}/0`]: ['6', '7', '8'], [`${topic}/1`]: [] },
      ends: { [`${topic}/0`]: 9, [`${topic}/1`]: 9 },
    });
  });

  it('rejects for a position beyond the end, and for a topic that does not exist', async () => {
    const topic = await createTopic('reader');
    await fill(topic, 0, ['a']);
    const reader = await open();
    await expect(read(reader, [{ topic, partition: 0, from: 5, to: 9 }])).rejects.toMatchObject({
      kafkaCode: 'OFFSET_OUT_OF_RANGE',
      place: { topic, partition: 0, offset: 5 },
    });
    const missing = unique('missing');
    await expect(read(reader, [{ topic: missing, partition: 0, from: 0, to: 1 }])).rejects.toMatchObject({
      kafkaCode: 'UNKNOWN_TOPIC_OR_PARTITION',
      place: { topic: missing },
    });
    expect(await read(reader, [{ topic, partition: 0, from: 0, to: 1 }])).toMatchObject({ values: { [`${topic}/0`]: ['a'] } });
  });

  it('reads on without an end, until its signal aborts or it is closed', async () => {
    const topic = await createTopic('reader');
    const reader = await open();
    const stop = new AbortController();
    const seen: string[] = [];
    const follow = async (signal?: AbortSignal) => {
      for await (const { records } of reader.read([{ topic, partition: 0, from: 0 }], signal))
        for (const { value } of records) seen.push(String(value));
    };
    const first = follow(stop.signal);
    for (const value of ['a', 'b']) {
      await fill(topic, 0, [value]);
      await until(`${value} has come`, () => seen.at(-1) === value);
    }
    stop.abort();
    await first;
    const second = follow();
    await until('both have come again', () => seen.length === 4);
    await reader.close();
    await second;
    expect(seen).toEqual(['a', 'b', 'a', 'b']);
    expect(await read(reader, [{ topic, partition: 0, from: 0, to: 2 }])).toEqual({ values: {}, ends: {} });
  });
});

describe('a reader of a broker with faults', () => {
  let broker: Broker;
  let own: KafkaClient;
  const topic = 'records';

  beforeAll(async () => {
    broker = await startBroker();
    own = kafkajs({ clientId: 'reader', brokers: [broker.address] });
    await (await own.admin()).createTopics([{ name: topic, partitions: 1 }]);
    const records = numbers(100).map((value) => ({ topic, partition: 0, key: null, value: Buffer.from(value.padEnd(1_000, '.')) }));
    const producer = await own.producer();
    for (let i = 0; i < 100; i += 10) await producer.send(records.slice(i, i + 10));
  });
  afterAll(async () => {
    await own.close();
    await broker.close();
  });

  const whole = { topic, partition: 0, from: 0, to: 100 };

  it.each([
    { disconnect: 'before' },
    { disconnect: 'after' },
    { error: 'NOT_LEADER_OR_FOLLOWER' },
    { error: 'UNKNOWN_TOPIC_OR_PARTITION' },
    { error: 'OFFSET_OUT_OF_RANGE' },
  ] as const)('goes on after a fetch that fails: %o', async (effect) => {
    const failures: string[] = [];
    const reader = await open({ maxBytesPerPartition: 20_000, onFailure: ({ message }) => failures.push(message) }, own);
    const fault = await broker.fault({ api: 'Fetch', ...effect, times: 2 });
    const { values } = await read(reader, [whole]);
    expect(values[`${topic}/0`]?.map((value) => Number.parseInt(value, 10))).toEqual(numbers(100).map(Number));
    expect(await fault.hits()).toBe(2);
    expect(failures).toHaveLength(2);
  });

  it('names the missing right', async () => {
    const reader = await open({}, own);
    await broker.fault({ api: 'Fetch', error: 'TOPIC_AUTHORIZATION_FAILED' });
    await expect(read(reader, [whole])).rejects.toMatchObject({
      kafkaCode: 'TOPIC_AUTHORIZATION_FAILED',
      next: expect.stringContaining(`lacks the ACL Read on topic "${topic}"`),
    });
  });

  it('fetches one slice ahead of the caller, and no more', async () => {
    const reader = await open({ maxBytesPerPartition: 10_000 }, own);
    const count = await broker.fault({ api: 'Fetch', delayMs: 0, times: Number.POSITIVE_INFINITY });
    const slices = reader.read([whole]);
    await slices.next();
    for (const deadline = Date.now() + 5_000; (await count.hits()) < 2 && Date.now() < deadline; ) await sleep(5);
    await sleep(300);
    expect(await count.hits()).toBe(2);
    await slices.return();
    await count.clear();
  });
});

describe('the reading of a range', () => {
  it('passes over a stretch without records when a fetch for it alone brings nothing', () => {
    const ends: number[] = [];
    const range = new RangeReading(
      { topic: 't', partition: 0, from: 3, to: 8 },
      { arrived: (_, slice) => ends.push(slice.nextOffset), failed: () => {} },
    );
    range.empty(3);
    expect([range.state, range.gapUntil, ends]).toEqual(['idle', undefined, []]);
    range.empty(6);
    expect([range.state, range.gapUntil, ends]).toEqual(['idle', 6, []]);
    range.empty(9);
    expect([range.state, range.gapUntil, ends]).toEqual(['ready', undefined, [6]]);
    range.taken();
    range.empty(9);
    range.empty(9);
    range.taken();
    expect([range.state, ends]).toEqual(['done', [6, 8]]);
  });
});
