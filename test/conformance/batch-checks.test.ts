import { afterEach, describe, expect, it } from 'vitest';
import { produce } from '../../src/wire/apis/data.ts';
import { ErrorCode } from '../../src/wire/error-code.ts';
import { createTopic, readAll, unique } from '../helpers/broker.ts';
import { type BatchOptions, batch, Wire } from '../helpers/wire.ts';

const open: Wire[] = [];
afterEach(() => {
  for (const wire of open.splice(0)) wire.close();
});

async function send(topic: string, records: Buffer | null, { acks = -1, index = 0 } = {}) {
  const wire = await Wire.toLeader(topic);
  open.push(wire);
  const request = {
    transactionalId: null,
    acks,
    timeoutMs: 5000,
    topics: [{ name: topic, partitions: [{ index, records: records && [records] }] }],
  };
  const { topics } = await wire.send(produce, 7, request);
  return topics[0]?.partitions[0];
}

async function errorOf(options: BatchOptions, change: (bytes: Buffer) => Buffer = (bytes) => bytes): Promise<number | undefined> {
  const topic = await createTopic('checked');
  const answer = await send(topic, change(batch(options)));
  if (answer?.errorCode !== 0) expect(await readAll(topic)).toEqual([]);
  return answer?.errorCode;
}

describe('a batch', () => {
  it('in order is accepted, whatever leader epoch it guesses', async () => {
    expect(await errorOf({ values: ['a', null, 'c'], leaderEpoch: 77 })).toBe(ErrorCode.NONE);
  });

  it('with a wrong checksum is CORRUPT_MESSAGE', async () => {
    const flip = (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) as number) ^ 1])]);
    expect(await errorOf({}, flip)).toBe(ErrorCode.CORRUPT_MESSAGE);
  });

  it('whose record count does not fit its offsets is INVALID_RECORD', async () => {
    expect(await errorOf({ values: ['a', 'b'], recordCount: 3 })).toBe(ErrorCode.INVALID_RECORD);
    expect(await errorOf({ values: ['a', 'b'], lastOffsetDelta: 4 })).toBe(ErrorCode.INVALID_RECORD);
  });

  it('of control records is INVALID_RECORD', async () => {
    expect(await errorOf({ attributes: 0x20 })).toBe(ErrorCode.INVALID_RECORD);
  });

  it('with a producer id and no sequence is INVALID_RECORD', async () => {
    expect(await errorOf({ producerId: 7, producerEpoch: 0, baseSequence: -1 })).toBe(ErrorCode.INVALID_RECORD);
  });

  it('from a time too far ahead is INVALID_TIMESTAMP', async () => {
    expect(await errorOf({ timestamp: Date.now() + 7_200_000 })).toBe(ErrorCode.INVALID_TIMESTAMP);
    expect(await errorOf({ timestamp: Date.now() + 1_800_000 })).toBe(ErrorCode.NONE);
  });

  it('that is one of two in a partition is INVALID_RECORD', async () => {
    expect(await errorOf({}, (bytes) => Buffer.concat([bytes, bytes]))).toBe(ErrorCode.INVALID_RECORD);
  });

  it('of an old format is INVALID_RECORD', async () => {
    const old = (bytes: Buffer) => {
      const copy = Buffer.from(bytes);
      copy[16] = 1;
      return copy;
    };
    expect(await errorOf({}, old)).toBe(ErrorCode.INVALID_RECORD);
  });

  it('for a partition or topic that is not there is UNKNOWN_TOPIC_OR_PARTITION', async () => {
    const topic = await createTopic('single');
    expect(await send(topic, batch(), { index: 9 })).toMatchObject({ index: 9, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION });
    const wire = await Wire.connect();
    open.push(wire);
    const partitions = [{ index: 0, records: [batch()] }];
    const { topics } = await wire.send(produce, 7, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 5000,
      topics: [{ name: unique('absent'), partitions }],
    });
    expect(topics[0]?.partitions[0]?.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });

  it('sent with acks 2 is INVALID_REQUIRED_ACKS', async () => {
    const topic = await createTopic('acks');
    expect(await send(topic, batch(), { acks: 2 })).toMatchObject({ errorCode: ErrorCode.INVALID_REQUIRED_ACKS });
  });
});

describe('sequence numbers', () => {
  const producerId = () => Math.floor(Math.random() * 1e9) + 1_000_000;
  const numbered = (id: number, baseSequence: number, value: string, producerEpoch = 0) =>
    batch({ producerId: id, producerEpoch, baseSequence, values: [value] });

  it('a repeated batch is answered with the offset of the first copy, and kept once', async () => {
    const [topic, id] = [await createTopic('repeated'), producerId()];
    for (let i = 0; i < 5; i++) expect(await send(topic, numbered(id, i, `value ${i}`))).toMatchObject({ errorCode: 0, baseOffset: i });
    expect(await send(topic, numbered(id, 4, 'value 4'))).toMatchObject({ errorCode: 0, baseOffset: 4 });
    expect(await send(topic, numbered(id, 0, 'value 0'))).toMatchObject({ errorCode: 0, baseOffset: 0 });
    expect((await readAll(topic)).map(({ value }) => String(value))).toEqual([0, 1, 2, 3, 4].map((i) => `value ${i}`));
  });

  it('a gap, and a repetition older than five batches, are OUT_OF_ORDER_SEQUENCE_NUMBER', async () => {
    const [topic, id] = [await createTopic('gap'), producerId()];
    for (let i = 0; i < 6; i++) await send(topic, numbered(id, i, `value ${i}`));
    expect(await send(topic, numbered(id, 8, 'gap'))).toMatchObject({ errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER });
    expect(await send(topic, numbered(id, 0, 'value 0'))).toMatchObject({ errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER });
    expect(await readAll(topic)).toHaveLength(6);
  });

  it('a new epoch starts at 0, and the old one is fenced', async () => {
    const [topic, id] = [await createTopic('epochs'), producerId()];
    await send(topic, numbered(id, 0, 'old'));
    expect(await send(topic, numbered(id, 1, 'new', 1))).toMatchObject({ errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER });
    expect(await send(topic, numbered(id, 0, 'new', 1))).toMatchObject({ errorCode: 0, baseOffset: 1 });
    expect(await send(topic, numbered(id, 1, 'old'))).toMatchObject({ errorCode: ErrorCode.INVALID_PRODUCER_EPOCH });
  });

  it('start again at 0 after 2^31 - 1', async () => {
    const [topic, id] = [await createTopic('wrapped'), producerId()];
    expect(await send(topic, batch({ producerId: id, producerEpoch: 0, baseSequence: 2_147_483_646, values: ['a', 'b'] }))).toMatchObject({
      errorCode: 0,
    });
    expect(await send(topic, numbered(id, 0, 'c'))).toMatchObject({ errorCode: 0, baseOffset: 2 });
  });
});
