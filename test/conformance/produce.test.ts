import { CompressionTypes, type Producer } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { client, createTopic, readAll, unique } from '../helpers/broker.ts';

let producer: Producer;

beforeAll(async () => {
  producer = client().producer({ retry: { retries: 0 } });
  await producer.connect();
});
afterAll(() => producer.disconnect());

describe('what is sent is what is read', () => {
  it.each([-1, 1])('with acks %i the answer carries the base offset', async (acks) => {
    const topic = await createTopic('acks');
    await producer.send({ topic, acks, messages: [{ value: 'first' }] });
    const [answer] = await producer.send({ topic, acks, messages: [{ value: 'second' }] });
    expect(answer).toMatchObject({ errorCode: 0, partition: 0, baseOffset: '1' });
    expect((await readAll(topic)).map(({ value }) => String(value))).toEqual(['first', 'second']);
  });

  it('with acks 0 nothing is answered and the records are kept', async () => {
    const topic = await createTopic('acks-zero');
    await producer.send({ topic, acks: 0, messages: [{ value: 'unanswered' }] });
    await producer.send({ topic, messages: [{ value: 'answered' }] });
    expect((await readAll(topic)).map(({ value }) => String(value))).toEqual(['unanswered', 'answered']);
  });

  it('key, headers (repeated ones too) and timestamp', async () => {
    const topic = await createTopic('headers');
    const timestamp = String(Date.now() - 3_600_000);
    await producer.send({ topic, messages: [{ key: 'k', value: 'v', timestamp, headers: { one: 'a', two: ['b', 'c'], empty: '' } }] });
    const [record] = await readAll(topic);
    expect(record).toMatchObject({ offset: '0', timestamp, key: Buffer.from('k') });
    expect(record?.headers).toEqual({ one: Buffer.from('a'), two: [Buffer.from('b'), Buffer.from('c')], empty: Buffer.from('') });
  });

  it('null stays null and empty stays empty, for keys and for values', async () => {
    const topic = await createTopic('tombstones');
    await producer.send({
      topic,
      messages: [
        { key: 'k', value: null },
        { key: null, value: '' },
        { key: '', value: 'v' },
      ],
    });
    const records = await readAll(topic);
    expect(records.map(({ key, value }) => [key?.toString() ?? null, value?.toString() ?? null])).toEqual([
      ['k', null],
      [null, ''],
      ['', 'v'],
    ]);
  });

  it('a gzip batch', async () => {
    const topic = await createTopic('gzip');
    const messages = Array.from({ length: 500 }, (_, i) => ({ key: String(i), value: `value ${i} `.repeat(10) }));
    await producer.send({ topic, compression: CompressionTypes.GZIP, messages });
    const records = await readAll(topic);
    expect(records.map(({ value }) => String(value))).toEqual(messages.map(({ value }) => value));
    expect(records.map(({ offset }) => offset)).toEqual(messages.map((_, i) => String(i)));
  });

  it('a record of 900 KB', async () => {
    const topic = await createTopic('large');
    const value = Buffer.alloc(900_000, 'x');
    await producer.send({ topic, messages: [{ value }] });
    const [record] = await readAll(topic);
    expect(record?.value?.equals(value)).toBe(true);
  });

  it('12 MB in one partition, all of it, in order', async () => {
    const topic = await createTopic('much');
    const pad = 'x'.repeat(1000);
    for (let first = 0; first < 12_000; first += 500) {
      await producer.send({ topic, messages: Array.from({ length: 500 }, (_, i) => ({ key: String(first + i), value: pad })) });
    }
    const records = await readAll(topic);
    expect(records.map(({ key }) => Number(key))).toEqual(Array.from({ length: 12_000 }, (_, i) => i));
  });

  it('several topics and partitions in one request', async () => {
    const [left, right] = [await createTopic('left', { partitions: 3 }), await createTopic('right')];
    const answers = await producer.sendBatch({
      topicMessages: [
        { topic: left, messages: [0, 1, 2].map((partition) => ({ partition, value: `left ${partition}` })) },
        { topic: right, messages: [{ value: 'right 0' }] },
      ],
    });
    expect(answers).toHaveLength(4);
    expect((await readAll(left)).map(({ partition, value }) => `${partition}: ${value}`).sort()).toEqual([
      '0: left 0',
      '1: left 1',
      '2: left 2',
    ]);
    expect(await readAll(right)).toHaveLength(1);
  });
});

describe('what is refused', () => {
  it('a record of 2 MB, with MESSAGE_TOO_LARGE', async () => {
    const topic = await createTopic('too-large');
    const sending = producer.send({ topic, messages: [{ value: Buffer.alloc(2_000_000) }] });
    await expect(sending).rejects.toMatchObject({ type: 'MESSAGE_TOO_LARGE' });
    expect(await readAll(topic)).toEqual([]);
  });

  it('a record over the max.message.bytes of its topic, which may be more or less than the usual limit', async () => {
    const small = await createTopic('small', { configs: { 'max.message.bytes': '1000' } });
    const large = await createTopic('large', { configs: { 'max.message.bytes': '3000000' } });
    await expect(producer.send({ topic: small, messages: [{ value: Buffer.alloc(2000) }] })).rejects.toMatchObject({
      type: 'MESSAGE_TOO_LARGE',
    });
    await producer.send({ topic: large, messages: [{ value: Buffer.alloc(2_000_000) }] });
    expect(await readAll(large)).toHaveLength(1);
  });

  it('a topic that is not there', async () => {
    const sending = producer.send({ topic: unique('absent'), messages: [{ value: 'v' }] });
    await expect(sending).rejects.toMatchObject({ cause: { type: 'UNKNOWN_TOPIC_OR_PARTITION' } });
  });

  it('a record without key on a compacted topic, with INVALID_RECORD', async () => {
    const topic = await createTopic('compacted', { configs: { 'cleanup.policy': 'compact' } });
    await expect(producer.send({ topic, messages: [{ value: 'no key' }] })).rejects.toMatchObject({ type: 'INVALID_RECORD' });
    await producer.send({ topic, messages: [{ key: 'k', value: 'v' }] });
    expect(await readAll(topic)).toHaveLength(1);
  });
});

it('a topic with message.timestamp.type=LogAppendTime gives records the time of their arrival', async () => {
  const topic = await createTopic('append-time', { configs: { 'message.timestamp.type': 'LogAppendTime' } });
  const before = Date.now();
  await producer.send({
    topic,
    messages: [
      { value: 'v', timestamp: '1000' },
      { value: 'w', timestamp: '2000' },
    ],
  });
  const after = Date.now();
  for (const { timestamp } of await readAll(topic)) {
    expect(Number(timestamp)).toBeGreaterThanOrEqual(before - 1);
    expect(Number(timestamp)).toBeLessThanOrEqual(after + 1);
  }
});

describe('an idempotent producer', () => {
  it('writes each record once, in order', async () => {
    const topic = await createTopic('idempotent', { partitions: 2 });
    const idempotent = client().producer({ idempotent: true, maxInFlightRequests: 1, retry: { retries: 3 } });
    await idempotent.connect();
    for (let i = 0; i < 20; i++) await idempotent.send({ topic, messages: [0, 1].map((partition) => ({ partition, value: String(i) })) });
    await idempotent.disconnect();
    const records = await readAll(topic);
    for (const index of [0, 1]) {
      const values = records.filter(({ partition }) => partition === index).map(({ value }) => Number(value));
      expect(values).toEqual(Array.from({ length: 20 }, (_, i) => i));
    }
  });
});
