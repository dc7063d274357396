import { CompressionTypes } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { client, createTopic, readAll, withAdmin } from '../helpers/broker.ts';

const HOUR = 3_600_000;

async function send(topic: string, messages: { value: string; timestamp?: string }[], compression = CompressionTypes.None): Promise<void> {
  const producer = client().producer();
  await producer.connect();
  await producer.send({ topic, messages, compression });
  await producer.disconnect();
}

const byTime = (topic: string, timestamp: number) => withAdmin((admin) => admin.fetchTopicOffsetsByTimestamp(topic, timestamp));

/** Asks for the topic's metadata first: kafkajs does not, and fails without. */
const cut = (topic: string, offset: string) =>
  withAdmin(async (admin) => {
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] });
  });

describe('offsets by time', () => {
  it.each([
    ['plain', CompressionTypes.None],
    ['gzip', CompressionTypes.GZIP],
  ])('are exact within a %s batch', async (name, compression) => {
    const topic = await createTopic(name);
    const start = Date.now() - HOUR;
    const at = (i: number) => ({ value: String(i), timestamp: String(start + i * 1000) });
    await send(topic, [0, 1, 2].map(at), compression);
    await send(topic, [3, 4, 5].map(at), compression);
    expect(await byTime(topic, start - 1)).toMatchObject([{ partition: 0, offset: '0' }]);
    expect(await byTime(topic, start + 1000)).toMatchObject([{ offset: '1' }]);
    expect(await byTime(topic, start + 3500)).toMatchObject([{ offset: '4' }]);
  });

  it('after the last record are the end of the log', async () => {
    const topic = await createTopic('after');
    await send(topic, [{ value: 'a' }, { value: 'b' }]);
    expect(await byTime(topic, Date.now() + HOUR)).toMatchObject([{ offset: '2' }]);
  });

  it('are those of the first record at or after the time, also where times go back', async () => {
    const topic = await createTopic('unordered');
    const start = Date.now() - HOUR;
    await send(topic, [{ value: 'late', timestamp: String(start + 5000) }]);
    await send(topic, [{ value: 'early', timestamp: String(start) }]);
    expect(await byTime(topic, start)).toMatchObject([{ offset: '0' }]);
  });
});

it('earliest and latest offsets are given for each partition', async () => {
  const topic = await createTopic('ends', { partitions: 2 });
  await send(topic, [{ value: 'a' }]);
  const offsets = await withAdmin((admin) => admin.fetchTopicOffsets(topic));
  expect(offsets.map(({ low }) => low)).toEqual(['0', '0']);
  expect(offsets.map(({ high }) => Number(high)).reduce((a, b) => a + b)).toBe(1);
});

describe('deleted records', () => {
  it('are gone, and the offsets of the rest stay', async () => {
    const topic = await createTopic('cut');
    for (const value of ['a', 'b', 'c', 'd']) await send(topic, [{ value }]);
    await cut(topic, '2');
    expect(await withAdmin((admin) => admin.fetchTopicOffsets(topic))).toMatchObject([{ low: '2', high: '4' }]);
    expect((await readAll(topic)).map(({ offset, value }) => `${offset}${value}`)).toEqual(['2c', '3d']);
  });

  it('within a batch are no longer delivered', async () => {
    const topic = await createTopic('cut-batch');
    await send(
      topic,
      ['a', 'b', 'c'].map((value) => ({ value })),
    );
    await cut(topic, '1');
    expect((await readAll(topic)).map(({ value }) => String(value))).toEqual(['b', 'c']);
  });

  it('up to -1 are all of them', async () => {
    const topic = await createTopic('cut-all');
    await send(topic, [{ value: 'a' }, { value: 'b' }]);
    await cut(topic, '-1');
    expect(await withAdmin((admin) => admin.fetchTopicOffsets(topic))).toMatchObject([{ low: '2', high: '2' }]);
  });

  it('beyond the end are refused', async () => {
    const topic = await createTopic('cut-beyond');
    const cutting = cut(topic, '5');
    await expect(cutting).rejects.toMatchObject({ cause: { partitions: [{ error: { type: 'OFFSET_OUT_OF_RANGE' } }] } });
  });
});
