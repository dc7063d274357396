import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { KafkaRecord } from '../../src/kafka/client.ts';
import { UnreadableBatchError } from '../../src/kafka/index.ts';
import { answerOf, recordsOf } from '../../src/kafka/kafkajs/fetch.ts';
import { headersOf } from '../../src/kafka/kafkajs/partition-queue.ts';
import { apiCodec } from '../../src/wire/api.ts';
import { fetch } from '../../src/wire/apis/data.ts';
import { encodeBatch } from '../../src/wire/batch-encoder.ts';
import { loadCodecs } from '../../src/wire/compression/codecs.ts';
import { COMPRESSIONS, type CompressionName, compressionNumber } from '../../src/wire/compression/compression.ts';
import { crc32c } from '../../src/wire/crc32c.ts';
import { Reader } from '../../src/wire/reader.ts';
import { compressBatch } from '../../src/wire/records.ts';
import { Writer } from '../../src/wire/writer.ts';

beforeAll(loadCodecs);

/** kafkajs's own reading is the second opinion, where it is right. */
const load = createRequire(import.meta.url);
interface ClientRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, Buffer | Buffer[]>;
  readonly isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}
interface ClientPartition {
  readonly messages: ClientRecord[];
}
const original = (version: number): ((raw: Buffer) => Promise<{ responses: Array<{ partitions: ClientPartition[] }> }>) =>
  load(`kafkajs/src/protocol/requests/fetch/v${version}/response`).decode;
const Batch = load('kafkajs/src/consumer/batch') as new (
  topic: string,
  fetchedOffset: string,
  partition: object,
) => {
  readonly fetchedOffset: string;
  readonly messages: ClientRecord[];
  lastOffset(): string;
  isEmptyDueToFiltering(): boolean;
};
const MessageSet = load('kafkajs/src/protocol/messageSet') as (options: object) => { buffer: Buffer };

interface BatchOptions {
  readonly firstOffset: number;
  readonly keys: ReadonlyArray<Buffer | null>;
  readonly lastDelta?: number;
  readonly attributes?: number;
  readonly producerId?: number;
}

/** A record batch as a broker keeps it. */
function batch({ firstOffset, keys, lastDelta, attributes = 0, producerId = -1 }: BatchOptions): Buffer {
  const records = keys.map((key, index) => ({
    topic: 't',
    partition: 0,
    key,
    value: Buffer.from(`value ${index}`),
    headers: index % 3 === 0 ? { h: Buffer.from('1'), r: [Buffer.from('2'), Buffer.from('3')] } : {},
    timestamp: 1_700_000_000_000 + index,
  }));
  let bytes = encodeBatch(records, { producerId, producerEpoch: 0, firstSequence: 0 }, headersOf);
  if (attributes & 7) bytes = Buffer.concat([bytes.subarray(0, 61), gzipSync(bytes.subarray(61))]);
  bytes.writeBigInt64BE(BigInt(firstOffset), 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt16BE(attributes, 21);
  bytes.writeInt32BE(lastDelta ?? keys.length - 1, 23);
  return checked(bytes);
}

function checked(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(crc32c(bytes, 21), 17);
  return bytes;
}

const GZIP = 1;
const APPEND_TIME = 8;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const ABORT = Buffer.from([0, 0, 0, 0]);

const transaction = (firstOffset: number, producerId: number, keys: ReadonlyArray<Buffer | null>): Buffer =>
  batch({ firstOffset, producerId, keys, attributes: TRANSACTIONAL });
const marker = (firstOffset: number, producerId: number): Buffer =>
  batch({ firstOffset, producerId, keys: [ABORT], attributes: TRANSACTIONAL | CONTROL });

type Aborted = ReadonlyArray<readonly [producerId: number, firstOffset: number]>;

function answer(version: number, data: readonly Buffer[], aborted: Aborted = []): Buffer {
  const writer = new Writer();
  const abortedTransactions = aborted.map(([producerId, firstOffset]) => ({ producerId, firstOffset }));
  const partition = { index: 4, errorCode: 0, highWatermark: 1000, lastStableOffset: 1000, abortedTransactions, records: data };
  apiCodec(fetch, version).response.encode(writer, { topics: [{ name: 't', partitions: [partition] }] });
  return Buffer.concat(writer.finish());
}

const theirs = async (raw: Buffer, version = 11) => (await original(version)(raw)).responses[0]!.partitions[0]!;
const ours = (raw: Buffer, version = 11) =>
  answerOf(apiCodec(fetch, version).response.decode(new Reader(raw))).responses[0]!.partitions[0]!;

/** What kafkajs's consumer makes of our answer, asked for from an offset on. */
const read = (raw: Buffer, asked = 0, version = 11) => new Batch('t', String(asked), ours(raw, version));
const taken = (raw: Buffer, asked = 0, version = 11): KafkaRecord[] => [...recordsOf(read(raw, asked, version))];
const offsets = (records: readonly { readonly offset: string | number }[]): number[] => records.map(({ offset }) => Number(offset));

const toRecord = ({ offset, timestamp, key, value, headers }: ClientRecord): KafkaRecord => ({
  offset: Number(offset),
  timestamp: Number(timestamp),
  key,
  value,
  headers: { ...headers },
});

/** Which records a reader of committed ones sees, by the plain rule: record after record, with all that is known. */
function committed(messages: readonly ClientRecord[], aborted: Aborted): ClientRecord[] {
  const starts = [...aborted].sort(([, a], [, b]) => a - b);
  const aborting = new Set<string>();
  return messages.filter(({ offset, key, isControlRecord, batchContext: { producerId, inTransaction } }) => {
    while (starts[0] !== undefined && starts[0][1] <= Number(offset)) aborting.add(String(starts.shift()![0]));
    if (!isControlRecord) return !(inTransaction && aborting.has(producerId));
    if (key !== null && key.length >= 4 && key.readInt16BE(2) === 0) aborting.delete(producerId);
    return false;
  });
}

describe('fetched records', () => {
  const keys = fc.array(
    fc.option(
      fc.uint8Array({ maxLength: 20 }).map((each) => Buffer.from(each)),
      { nil: null },
    ),
    { minLength: 1, maxLength: 12 },
  );

  it.each([4, 5, 6, 7, 8, 9, 10, 11])('are those that kafkajs reads, version %i', async (version) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(keys, fc.constantFrom(0, GZIP, APPEND_TIME, TRANSACTIONAL)), { maxLength: 4 }),
        fc.nat(200),
        async (groups, cut) => {
          let firstOffset = 10;
          const data = groups.map(([each, attributes]) => {
            const made = batch({ firstOffset, keys: each, attributes, producerId: 5 });
            firstOffset += each.length;
            return made;
          });
          const whole = Buffer.concat(data);
          const left = Math.max(0, whole.length - cut);
          // kafkajs throws where fewer bytes than up to the format's number are left.
          const cutOff = whole.subarray(0, left < 17 ? 0 : left);
          for (const records of [whole, cutOff]) {
            const raw = answer(version, [records]);
            expect(taken(raw, 0, version)).toEqual((await theirs(raw, version)).messages.map(toRecord));
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('are those of committed transactions, with gaps and packed batches between', async () => {
    const kinds = fc.constantFrom(0, GZIP, APPEND_TIME, TRANSACTIONAL, TRANSACTIONAL | GZIP, TRANSACTIONAL | CONTROL);
    const group = fc.record({ size: fc.nat(4), gap: fc.nat(2), attributes: kinds, producerId: fc.constantFrom(1, 2) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(group, { maxLength: 8 }),
        fc.nat(30),
        fc.array(fc.tuple(fc.constantFrom(1, 2), fc.nat(7)), { maxLength: 4 }),
        async (groups, asked, aborted) => {
          const starts: number[] = [];
          let firstOffset = 0;
          const data = groups.map(({ size, gap, attributes, producerId }) => {
            const lastDelta = Math.max(0, size - 1 + gap);
            const markers = new Array(Math.min(1, size)).fill(Buffer.from([0, 0, 0, gap % 2]));
            starts.push(firstOffset);
            const bytes = batch({
              firstOffset,
              keys: attributes & CONTROL ? markers : new Array(size).fill(ABORT),
              attributes,
              producerId,
              lastDelta,
            });
            firstOffset += lastDelta + 1;
            return bytes;
          });
          const list = aborted.map(([producerId, index]) => [producerId, starts[index] ?? firstOffset] as const);
          const raw = answer(11, data, list);
          const expected = committed((await theirs(raw)).messages, list).filter(({ offset }) => Number(offset) >= asked);
          expect(taken(raw, asked)).toEqual(expected.map(toRecord));
          if (data.length > 0 && asked < firstOffset) expect(read(raw, asked).lastOffset()).toBe(String(firstOffset - 1));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('are counted as they are taken', () => {
    const raw = answer(11, [batch({ firstOffset: 5, keys: [null, null, null] }), batch({ firstOffset: 8, keys: [null] })]);
    const records = recordsOf(read(raw, 6));
    expect(records.length).toBe(3);
    expect(records.shift()?.offset).toBe(6);
    records.skipTo(8);
    expect([records.length, records.shift()?.offset, records.shift(), records.length, records.bytes]).toEqual([1, 8, undefined, 0, 0]);
  });

  it('of an empty batch are passed over, where kafkajs stays', async () => {
    const raw = answer(11, [batch({ firstOffset: 500, keys: [], lastDelta: 499 })]);
    expect(new Batch('t', '500', await theirs(raw)).isEmptyDueToFiltering()).toBe(false);
    expect(taken(raw, 500)).toEqual([]);
    expect(read(raw, 500).lastOffset()).toBe('999');
  });

  it('go to the end of a batch whose last ones are missing, where kafkajs moves on by one', async () => {
    const raw = answer(11, [batch({ firstOffset: 0, keys: [null, null], lastDelta: 99 })]);
    expect(new Batch('t', '50', await theirs(raw)).lastOffset()).toBe('50');
    expect([taken(raw, 50).length, read(raw, 50).lastOffset()]).toEqual([0, '99']);
  });

  it('of a batch that is cut off by the end of the answer are left for the next one', async () => {
    const raw = answer(11, [batch({ firstOffset: 0, keys: [null] }).subarray(0, 10)]);
    await expect(original(11)(raw)).rejects.toThrow(RangeError);
    expect(ours(raw).messages).toEqual([]);
  });

  it('may be more in a batch than a call takes arguments', async () => {
    const raw = answer(11, [batch({ firstOffset: 0, keys: new Array(200_000).fill(null) })]);
    await expect(original(11)(raw)).rejects.toThrow(RangeError);
    expect(recordsOf(read(raw)).length).toBe(200_000);
  });

  it('may have headers that are called as something every object has, where kafkajs finds that', async () => {
    const names = ['valueOf', '__proto__'];
    const headers = Object.fromEntries(names.map((name) => [name, Buffer.from(name)]));
    const owner = { producerId: -1, producerEpoch: 0, firstSequence: 0 };
    const raw = answer(11, [encodeBatch([{ topic: 't', partition: 0, key: null, value: null, headers }], owner, headersOf)]);
    expect(Array.isArray((await theirs(raw)).messages[0]?.headers['valueOf'])).toBe(true);
    expect(Object.entries(taken(raw)[0]?.headers ?? {})).toEqual(names.map((name) => [name, Buffer.from(name)]));
  });
});

describe('records of the oldest formats', () => {
  it.each([0, 1])('are those that kafkajs reads: format %i', async (messageVersion) => {
    const entries = [
      { key: 'k', value: 'v', timestamp: 1 },
      { key: null, value: 'w', timestamp: 2 },
    ];
    const raw = answer(4, [MessageSet({ messageVersion, entries }).buffer]);
    const expected = (await theirs(raw, 4)).messages.map(toRecord);
    const timed = expected.map((record) => (messageVersion === 0 ? { ...record, timestamp: -1 } : record));
    expect(taken(raw, 0, 4)).toEqual(timed.map((record) => ({ ...record, headers: {} })));
  });
});

describe('records of aborted transactions', () => {
  const kafkajsSees = async (raw: Buffer): Promise<number[]> => offsets(new Batch('t', '0', await theirs(raw)).messages);

  it('are hidden and those of committed ones kept, as kafkajs does where the list is in order', async () => {
    const raw = answer(11, [transaction(0, 1, [null, null]), transaction(2, 2, [null]), marker(3, 1), transaction(4, 1, [null])], [[1, 0]]);
    expect(offsets(taken(raw))).toEqual([2, 4]);
    expect(await kafkajsSees(raw)).toEqual([2, 4]);
  });

  it('are found though the broker lists them in the order of the aborts', async () => {
    // y begins, x begins and aborts, y aborts.
    const raw = answer(
      11,
      [transaction(0, 9, [null, null]), transaction(2, 8, [null]), marker(3, 8), transaction(4, 9, [null]), marker(5, 9)],
      [
        [8, 2],
        [9, 0],
      ],
    );
    expect(await kafkajsSees(raw)).toEqual([0, 1]);
    expect(taken(raw)).toEqual([]);
  });

  it('are found though several of them began before the fetched offset', async () => {
    const raw = answer(
      11,
      [transaction(10, 2, [null, null])],
      [
        [1, 3],
        [2, 4],
      ],
    );
    expect(await kafkajsSees(raw)).toEqual([10]);
    expect(taken(raw)).toEqual([]);
  });

  it("do not end at a user's key of four zero bytes", async () => {
    const raw = answer(11, [transaction(0, 1, [null, ABORT, null]), marker(3, 1)], [[1, 0]]);
    expect(await kafkajsSees(raw)).toEqual([1, 2]);
    expect(taken(raw)).toEqual([]);
  });
});

/** The batch with another offset, below 64, in one of its records, each of which is shorter than 64 bytes with one of 1 to 3 bytes for its time. */
function withDelta(bytes: Buffer, record: number, delta: number): Buffer {
  let at = 61;
  for (let i = 0; i < record; i++) at += 1 + (bytes.readUInt8(at) >> 1);
  let behindTime = at + 2;
  while (bytes.readUInt8(behindTime) & 0x80) behindTime++;
  bytes.writeUInt8(delta << 1, behindTime + 1);
  return bytes;
}

describe('a record whose fields do not fit its length', () => {
  /** Length, attributes, time, offset, then these fields. */
  const recordOf = (delta: number, ...fields: number[]) => [(3 + fields.length) << 1, 0, 0, delta << 1, ...fields];
  const batchOf = (...records: number[][]) => {
    const header = batch({ firstOffset: 7, keys: [null] }).subarray(0, 61);
    const bytes = Buffer.concat([header, Buffer.from(records.flat())]);
    bytes.writeInt32BE(bytes.length - 12, 8);
    bytes.writeInt32BE(records.length - 1, 23);
    bytes.writeInt32BE(records.length, 57);
    return checked(bytes);
  };
  const NULL = 1;
  const good = (delta: number) => recordOf(delta, NULL, 2, 97 + delta, 0);

  it.each<[string, number[]]>([
    ['a value that reaches into the next record', [NULL, 16, 97, 0]],
    ['a key that does', [40, 97, 2, 98, 0]],
    ['bytes behind its headers', [NULL, 2, 98, 0, 0, 0]],
    ['more headers than it has bytes', [NULL, 2, 98, 0xfe, 0xff, 0xff, 0xff, 0x0f]],
    ['less than no headers', [NULL, 2, 98, 1]],
    ['a header that reaches into the next record', [NULL, 2, 98, 2, 2, 104, 20, 1]],
    ['no fields at all', []],
  ])('is unreadable, with its place and bytes, and the others of its batch are as they were: %s', (_what, fields) => {
    const found = taken(answer(11, [batchOf(good(0), recordOf(1, ...fields), good(2))]));
    expect(found.map(({ offset, value, unreadable }) => [offset, unreadable ? 'unreadable' : String(value), unreadable?.records])).toEqual([
      [7, 'a', undefined],
      [8, 'unreadable', 1],
      [9, 'c', undefined],
    ]);
    const error = found[1]?.unreadable?.error;
    expect(error).toBeInstanceOf(UnreadableBatchError);
    expect(error).toMatchObject({ place: { topic: 't', partition: 4, offset: 8 } });
    expect(found[1]?.value).toEqual(Buffer.from(recordOf(1, ...fields)));
  });
});

describe('a batch that cannot be read', () => {
  const failure = (bytes: Buffer): unknown =>
    taken(answer(11, [batch({ firstOffset: 0, keys: [null] }), bytes])).find(({ unreadable }) => unreadable !== undefined)?.unreadable
      ?.error;
  const broken = (change: (bytes: Buffer) => Buffer) => failure(change(batch({ firstOffset: 7, keys: [Buffer.from('k')] })));

  it.each<[string, RegExp, (bytes: Buffer) => Buffer]>([
    ['a byte that changed', /checksum/, (bytes) => bytes.fill((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1)],
    [
      'more records than it holds',
      /record 1 of the 5 .* cut off/,
      (bytes) => {
        bytes.writeInt32BE(5, 57);
        return checked(bytes);
      },
    ],
    [
      'fewer records than it holds',
      /counts 1 records and holds more/,
      () => {
        const bytes = batch({ firstOffset: 7, keys: [null, null, null] });
        bytes.writeInt32BE(1, 57);
        return checked(bytes);
      },
    ],
    [
      'no records, and holds some',
      /counts 0 records and holds more/,
      (bytes) => {
        bytes.writeInt32BE(0, 57);
        return checked(bytes);
      },
    ],
    [
      'less than no records',
      /counts -3 records/,
      (bytes) => {
        bytes.writeInt32BE(-3, 57);
        return checked(bytes);
      },
    ],
    [
      'bytes behind the last record',
      /counts 1 records and holds more/,
      (bytes) => {
        const longer = Buffer.concat([bytes, Buffer.alloc(9)]);
        longer.writeInt32BE(longer.length - 12, 8);
        return checked(longer);
      },
    ],
    [
      'records out of order',
      /record 1 has offset 7, out of order/,
      () => {
        const bytes = batch({ firstOffset: 7, keys: [null, null] });
        return checked(withDelta(bytes, 1, 0));
      },
    ],
    [
      'a record behind its last offset',
      /record 1 has offset 12, out of order/,
      () => {
        const bytes = batch({ firstOffset: 7, keys: [null, null] });
        return checked(withDelta(bytes, 1, 5));
      },
    ],
    [
      'gzip data that are not gzip',
      /gzip/,
      (bytes) => {
        bytes.writeInt16BE(1, 21);
        return checked(bytes);
      },
    ],
    [
      'a codec that does not exist',
      /compression 7/,
      (bytes) => {
        bytes.writeInt16BE(7, 21);
        return checked(bytes);
      },
    ],
    ['a length shorter than its header', /shorter than its header/, (bytes) => bytes.fill(0, 8, 12)],
    ['a record format that does not exist', /record format is none of 0, 1 and 2/, (bytes) => bytes.fill(9, 16, 17)],
  ])('names its place and what is wrong: %s', (_what, message, change) => {
    const error = broken(change);
    expect(error).toBeInstanceOf(UnreadableBatchError);
    expect(error).toMatchObject({ place: { topic: 't', partition: 4 }, reason: 'fatal', cause: { name: 'UnreadableBatch' } });
    expect(String(error)).toMatch(message);
  });

  it('is a record at the next offset to be read, with the bytes of the batch; those before and behind it are as they were', () => {
    const bad = batch({ firstOffset: 1, keys: [null, null, null] });
    bad.writeUInt8((bad.at(-1) ?? 0) ^ 1, bad.length - 1);
    const found = taken(answer(11, [batch({ firstOffset: 0, keys: [null] }), bad, batch({ firstOffset: 4, keys: [null] })]));
    expect(found.map(({ offset, unreadable }) => [offset, unreadable?.records])).toEqual([
      [0, undefined],
      [1, 3],
      [4, undefined],
    ]);
    expect(found[1]?.value).toEqual(bad);
    expect(found[1]?.unreadable?.error).toMatchObject({ place: { topic: 't', partition: 4, offset: 1 } });
  });

  it('is not believed when it says that it reaches beyond the end of the log', () => {
    const bad = batch({ firstOffset: 3, keys: [null] });
    bad.writeInt32BE(2 ** 31 - 1, 23);
    expect(taken(answer(11, [bad])).map(({ offset, unreadable }) => [offset, unreadable?.records])).toEqual([[0, 1]]);
  });
});

describe('compressed batches', () => {
  const MB = 1024 * 1024;
  const owner = { producerId: -1, producerEpoch: 0, firstSequence: 0 };
  const records = (sizes: readonly number[]) => sizes.map((size) => ({ topic: 't', partition: 0, key: null, value: Buffer.alloc(size) }));
  const packed = (name: CompressionName, sizes: readonly number[], firstOffset = 0): Buffer => {
    const bytes = compressBatch(encodeBatch(records(sizes), owner, headersOf), compressionNumber(name));
    bytes.writeBigInt64BE(BigInt(firstOffset), 0);
    return bytes;
  };
  const decoded = (bytes: readonly Buffer[], maxBatchBytes?: number) =>
    answerOf(apiCodec(fetch, 11).response.decode(new Reader(answer(11, bytes))), maxBatchBytes).responses[0]!.partitions[0]!;

  const errorOf = (bytes: readonly Buffer[], maxBatchBytes?: number) =>
    recordsOf({ messages: decoded(bytes, maxBatchBytes).messages, fetchedOffset: '0' }).shift()?.unreadable?.error;

  it.each(COMPRESSIONS)('of %s are read', (name) => {
    const batches = [packed(name, [1, 2, 3]), packed(name, [4], 3)];
    const found = recordsOf({ messages: decoded(batches).messages, fetchedOffset: '1' });
    expect([...found].map(({ offset, value }) => [offset, value?.length])).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
  });

  it.each(COMPRESSIONS.filter((name) => name !== 'none'))('of %s that are cut off name their place', (name) => {
    const whole = packed(name, [1000]);
    const bytes = whole.subarray(0, whole.length - 5);
    bytes.writeInt32BE(bytes.length - 12, 8);
    bytes.writeBigInt64BE(12n, 0);
    const error = errorOf([checked(Buffer.from(bytes))]);
    expect(error).toBeInstanceOf(UnreadableBatchError);
    expect(String(error)).toMatch(new RegExp(`of t\\[4\\] cannot be read: the ${name} data is corrupt`));
  });

  it.each(COMPRESSIONS.filter((name) => name !== 'none'))('of %s that expand too far say what allows more', (name) => {
    const error = errorOf([packed(name, [2 * MB])], MB);
    expect(String(error)).toContain(`the ${name} data expands to more than the ${MB} bytes allowed`);
    expect(error).toMatchObject({ place: { topic: 't', partition: 4, offset: 0 }, next: expect.stringContaining('--max-batch-bytes') });
    expect(errorOf([packed(name, [2 * MB])], 3 * MB)).toBeUndefined();
  });

  it('are read only as far as memory allows, and the rest is left for the next fetch', () => {
    const bombs = Array.from({ length: 20 }, (_, i) => packed('gzip', [30 * MB], i));
    const { messages } = decoded(bombs);
    expect(recordsOf({ messages, fetchedOffset: '0' })).toHaveLength(5);
    // kafkajs goes on behind the last one that was read.
    expect(messages.at(-1)?.offset).toBe('4');
  });
});
