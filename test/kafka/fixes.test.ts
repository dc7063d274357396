import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hideAborted } from '../../src/kafka/kafkajs/fixes/aborted.ts';
import { createBatch } from '../../src/kafka/kafkajs/fixes/batch.ts';
import { BatchDecoder } from '../../src/kafka/kafkajs/fixes/batch-decoder.ts';
import { decodeFetch } from '../../src/kafka/kafkajs/fixes/decoder.ts';
import type { FetchAnswer, FetchedPartition, FetchedRecord } from '../../src/kafka/kafkajs/fixes/fetch-call.ts';
import { applyFixes, chosenFixes } from '../../src/kafka/kafkajs/fixes/index.ts';
import { shared } from '../../src/kafka/kafkajs/fixes/join.ts';
import { decodeLazily, recordsOf } from '../../src/kafka/kafkajs/lazy-fetch.ts';
import { encodeRecordBatch } from '../../src/kafka/kafkajs/record-batch.ts';
import { toRecord } from '../../src/kafka/kafkajs/records.ts';

const load = createRequire(import.meta.url);
const original = (version: number): ((raw: Buffer) => Promise<FetchAnswer>) =>
  (load(`kafkajs/src/protocol/requests/fetch/v${version}/response`) as { decode(raw: Buffer): Promise<FetchAnswer> }).decode;
const Batch = load('kafkajs/src/consumer/batch') as new (
  topic: string,
  fetchedOffset: string,
  partition: FetchedPartition,
) => {
  messages: FetchedRecord[];
  lastOffset(): string;
  isEmptyDueToFiltering(): boolean;
};
const batches = new BatchDecoder(load);
const decode = (bytes: Buffer) => batches.decode(bytes);

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const int64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
};

interface BatchOptions {
  readonly firstOffset: number;
  readonly keys: ReadonlyArray<Buffer | null>;
  readonly lastDelta?: number;
  readonly attributes?: number;
  readonly producerId?: number;
}

/** A record batch as a broker keeps it. Its checksum is not that of the changed fields, which kafkajs does not look at. */
function batch({ firstOffset, keys, lastDelta, attributes = 0, producerId = -1 }: BatchOptions): Buffer {
  const records = keys.map((key, index) => ({
    topic: 't',
    partition: 0,
    key,
    value: Buffer.from(`value ${index}`),
    headers: index % 3 === 0 ? { h: Buffer.from('1'), r: [Buffer.from('2'), Buffer.from('3')] } : {},
    timestamp: 1_700_000_000_000 + index,
  }));
  let bytes = encodeRecordBatch(records, { producerId: BigInt(producerId), producerEpoch: 0, firstSequence: 0 });
  if (attributes & 7) bytes = Buffer.concat([bytes.subarray(0, 61), gzipSync(bytes.subarray(61))]);
  bytes.writeBigInt64BE(BigInt(firstOffset), 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt16BE(attributes, 21);
  bytes.writeInt32BE(lastDelta ?? keys.length - 1, 23);
  return bytes;
}

const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const ABORT = Buffer.from([0, 0, 0, 0]);

const transaction = (firstOffset: number, producerId: number, keys: ReadonlyArray<Buffer | null>): Buffer =>
  batch({ firstOffset, producerId, keys, attributes: TRANSACTIONAL });
const marker = (firstOffset: number, producerId: number): Buffer =>
  batch({ firstOffset, producerId, keys: [ABORT], attributes: TRANSACTIONAL | CONTROL });

function answer(version: number, data: readonly Buffer[], aborted: ReadonlyArray<readonly [number, number]> = []): Buffer {
  const records = Buffer.concat(data);
  return Buffer.concat([
    int32(0),
    ...(version >= 7 ? [int16(0), int32(0)] : []),
    int32(1),
    int16(1),
    Buffer.from('t'),
    int32(1),
    int32(4),
    int16(0),
    int64(1000),
    int64(1000),
    ...(version >= 5 ? [int64(0)] : []),
    int32(aborted.length),
    ...aborted.flatMap(([producerId, first]) => [int64(producerId), int64(first)]),
    ...(version >= 11 ? [int32(-1)] : []),
    int32(records.length),
    records,
  ]);
}

const only = ({ responses }: FetchAnswer): FetchedPartition => responses[0]?.partitions[0] as FetchedPartition;
const offsets = (records: readonly FetchedRecord[]): number[] => records.map(({ offset }) => Number(offset));

describe('the decoder', () => {
  const keys = fc.array(
    fc.option(
      fc.uint8Array({ maxLength: 20 }).map((each) => Buffer.from(each)),
      { nil: null },
    ),
    {
      minLength: 1,
      maxLength: 12,
    },
  );

  it.each([4, 5, 6, 7, 8, 9, 10, 11])('says what kafkajs says, version %i', async (version) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(keys, fc.constantFrom(0, 1, 8, TRANSACTIONAL)), { maxLength: 4 }),
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
            const raw = answer(version, [records], [[5, 10]]);
            expect(await decodeFetch(raw, version, decode)).toEqual(await original(version)(raw));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('reads a message set of the oldest format through kafkajs', async () => {
    const MessageSet = load('kafkajs/src/protocol/messageSet') as (options: object) => { buffer: Buffer };
    const set = MessageSet({ messageVersion: 1, entries: [{ key: 'k', value: 'v', timestamp: 1 }] }).buffer;
    // What kafkajs writes for a produce request begins with the size, which the fetch answer gives too.
    const raw = answer(4, [set]);
    expect(await decodeFetch(raw, 4, decode)).toEqual(await original(4)(raw));
  });

  it('goes over an empty batch, where kafkajs stays', async () => {
    const raw = answer(11, [batch({ firstOffset: 500, keys: [], lastDelta: 499 })]);
    const stock = new Batch('t', '500', only(await original(11)(raw)));
    expect(stock.isEmptyDueToFiltering()).toBe(false);
    const ours = new Batch('t', '500', only(await decodeFetch(raw, 11, decode)));
    expect(ours.isEmptyDueToFiltering()).toBe(true);
    expect(ours.messages).toEqual([]);
    expect(ours.lastOffset()).toBe('999');
  });

  it('goes over the missing end of a batch at once', async () => {
    const raw = answer(11, [batch({ firstOffset: 0, keys: [null, null], lastDelta: 99 })]);
    const stock = new Batch('t', '50', only(await original(11)(raw)));
    expect(stock.lastOffset()).toBe('50');
    const ours = new Batch('t', '50', only(await decodeFetch(raw, 11, decode)));
    expect([ours.messages.length, ours.lastOffset()]).toEqual([0, '99']);
  });

  it('takes a few bytes of a batch for none, where kafkajs throws', async () => {
    const raw = answer(11, [batch({ firstOffset: 0, keys: [null] }).subarray(0, 10)]);
    await expect(original(11)(raw)).rejects.toThrow(RangeError);
    expect(only(await decodeFetch(raw, 11, decode)).messages).toEqual([]);
  });

  it('joins batches of more records than a call takes arguments', async () => {
    const many = answer(11, [batch({ firstOffset: 0, keys: new Array(200_000).fill(null) })]);
    await expect(original(11)(many)).rejects.toThrow(RangeError);
    expect(only(await decodeFetch(many, 11, decode)).messages.length).toBe(200_000);
  });

  it('reads a header that is called as something every object has, where kafkajs finds that', async () => {
    const names = ['valueOf', '__proto__'];
    const headers = Object.fromEntries(names.map((name) => [name, Buffer.from(name)]));
    const made = encodeRecordBatch([{ topic: 't', partition: 0, key: null, value: null, headers }], {
      producerId: -1n,
      producerEpoch: 0,
      firstSequence: 0,
    });
    const stock = only(await original(11)(answer(11, [made]))).messages[0]?.headers ?? {};
    expect(Array.isArray(stock['valueOf'])).toBe(true);
    const ours = only(await decodeFetch(answer(11, [made]), 11, decode)).messages[0]?.headers ?? {};
    expect(Object.entries(ours)).toEqual(names.map((name) => [name, Buffer.from(name)]));
  });

  it('refuses a batch whose records are cut off inside', async () => {
    const broken = batch({ firstOffset: 0, keys: [Buffer.from('k')] });
    broken.writeInt32BE(5, 57);
    await expect(decodeFetch(answer(11, [broken]), 11, decode)).rejects.toThrow(/cut off/);
  });
});

describe('the aborted filter', () => {
  const visible = async (raw: Buffer, fix: boolean): Promise<number[]> => {
    const partition = only(await original(11)(raw));
    return offsets(new Batch('t', '0', fix ? hideAborted(partition) : partition).messages);
  };

  it('keeps what was committed and hides what was aborted, as kafkajs where the list is in order', async () => {
    const raw = answer(11, [transaction(0, 1, [null, null]), transaction(2, 2, [null]), marker(3, 1), transaction(4, 1, [null])], [[1, 0]]);
    expect(await visible(raw, true)).toEqual([2, 4]);
    expect(await visible(raw, false)).toEqual([2, 4]);
  });

  it('sorts the list, which the broker gives in the order of the aborts', async () => {
    // y begins, x begins and aborts, y aborts.
    const raw = answer(
      11,
      [transaction(0, 9, [null, null]), transaction(2, 8, [null]), marker(3, 8), transaction(4, 9, [null]), marker(5, 9)],
      [
        [8, 2],
        [9, 0],
      ],
    );
    expect(await visible(raw, false)).toEqual([0, 1]);
    expect(await visible(raw, true)).toEqual([]);
  });

  it('takes all transactions that began before the fetched offset', async () => {
    const raw = answer(
      11,
      [transaction(10, 2, [null, null])],
      [
        [1, 3],
        [2, 4],
      ],
    );
    expect(await visible(raw, false)).toEqual([10]);
    expect(await visible(raw, true)).toEqual([]);
  });

  it("does not take a user's key of four zero bytes for a marker", async () => {
    const raw = answer(11, [transaction(0, 1, [null, ABORT, null]), marker(3, 1)], [[1, 0]]);
    expect(await visible(raw, false)).toEqual([1, 2]);
    expect(await visible(raw, true)).toEqual([]);
  });
});

describe('the batch', () => {
  it('answers as that of kafkajs, whatever was asked for and came', async () => {
    const Ours = createBatch(load) as typeof Batch;
    const methods = ['firstOffset', 'lastOffset', 'offsetLag', 'offsetLagLow', 'isEmpty', 'isEmptyDueToFiltering', 'isEmptyControlRecord'];
    const kinds = fc.constantFrom(0, TRANSACTIONAL, TRANSACTIONAL | CONTROL);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(4), kinds), { maxLength: 5 }),
        fc.nat(20),
        fc.boolean(),
        async (groups, asked, isAborted) => {
          let firstOffset = 0;
          const data = groups.map(([size, attributes]) => {
            const made = batch({ firstOffset, keys: new Array(size).fill(ABORT), attributes, producerId: 5, lastDelta: size });
            firstOffset += size + 1;
            return made;
          });
          const partition = only(await original(11)(answer(11, data, isAborted ? [[5, 2]] : [])));
          const [stock, ours] = [new Batch('t', String(asked), partition), new Ours('t', String(asked), partition)];
          expect({ ...ours }).toEqual({ ...stock });
          for (const name of methods) {
            const call = (each: object): unknown => (each as Record<string, () => unknown>)[name]?.();
            expect(call(ours)).toEqual(call(stock));
          }
        },
      ),
    );
  });
});

describe('records read as they are taken', () => {
  const made = (raw: Buffer, asked: number) =>
    decodeFetch(raw, 11, decode).then((each) => new Batch('t', String(asked), hideAborted(only(each))));
  const lazy = (raw: Buffer, asked: number) => decodeLazily(raw, 11).then((each) => new Batch('t', String(asked), only(each)));
  const taken = (read: object): unknown[] => [...recordsOf(read as Parameters<typeof recordsOf>[0])];

  it('are those that are made ahead, transactions, gaps and packed batches included', async () => {
    const kinds = fc.constantFrom(0, 1, 8, TRANSACTIONAL, TRANSACTIONAL | 1, TRANSACTIONAL | CONTROL);
    const group = fc.record({ size: fc.nat(4), gap: fc.nat(2), attributes: kinds, producerId: fc.constantFrom(1, 2) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(group, { maxLength: 8 }),
        fc.nat(30),
        fc.array(fc.tuple(fc.constantFrom(1, 2), fc.nat(7)), { maxLength: 4 }),
        fc.nat(100),
        async (groups, asked, aborted, cut) => {
          const starts: number[] = [];
          let firstOffset = 0;
          const data = groups.map(({ size, gap, attributes, producerId }) => {
            const lastDelta = Math.max(0, size - 1 + gap);
            const keys = new Array(size).fill(attributes & CONTROL ? Buffer.from([0, 0, 0, gap]) : ABORT);
            starts.push(firstOffset);
            const bytes = batch({ firstOffset, keys, attributes, producerId, lastDelta });
            firstOffset += lastDelta + 1;
            return bytes;
          });
          const list = aborted.map(([producerId, index]) => [producerId, starts[index] ?? firstOffset] as const);
          const whole = Buffer.concat(data);
          const raw = answer(11, [whole.subarray(0, Math.max(0, whole.length - cut))], list);
          const [ahead, later] = [await made(raw, asked), await lazy(raw, asked)];
          expect(taken(later)).toEqual(ahead.messages.map(toRecord as never));
          expect(later.lastOffset()).toBe(ahead.lastOffset());
        },
      ),
      { numRuns: 300 },
    );
  });

  it('are counted as they are taken', async () => {
    const raw = answer(11, [batch({ firstOffset: 5, keys: [null, null, null] }), batch({ firstOffset: 8, keys: [null] })]);
    const records = recordsOf((await lazy(raw, 6)) as never);
    expect(records.length).toBe(3);
    expect(records.shift()?.offset).toBe(6);
    records.skipTo(8);
    expect([records.length, records.shift()?.offset, records.shift(), records.length, records.bytes]).toEqual([1, 8, undefined, 0, 0]);
  });

  it('are refused where a batch is cut off inside, so that the fetch is repeated', async () => {
    const broken = batch({ firstOffset: 0, keys: [Buffer.from('k')] });
    broken.writeInt32BE(5, 57);
    await expect(lazy(answer(11, [broken]), 0)).rejects.toThrow(/cut off/);
  });

  it('of the oldest format are read by kafkajs', async () => {
    const MessageSet = load('kafkajs/src/protocol/messageSet') as (options: object) => { buffer: Buffer };
    const set = MessageSet({ messageVersion: 1, entries: [{ key: 'k', value: 'v', timestamp: 1 }] }).buffer;
    const raw = answer(11, [set]);
    expect(taken(await lazy(raw, 0))).toEqual((await made(raw, 0)).messages.map(toRecord as never));
  });
});

describe('the timer', () => {
  const pathOf = load.resolve('kafkajs/src/network/requestQueue');
  const logger = { debug: () => {}, warn: () => {} };
  type Queue = {
    throttleCheckTimeoutId: unknown;
    pending: unknown[];
    destroy(): void;
    checkPendingRequests(): void;
    push(request: object): void;
  };
  const queueOf = (setting: string): Queue => {
    delete load.cache[pathOf];
    applyFixes(load, setting);
    const RequestQueue = load('kafkajs/src/network/requestQueue') as new (options: object) => Queue;
    return new RequestQueue({
      maxInFlightRequests: 1,
      requestTimeout: 1000,
      enforceRequestTimeout: false,
      clientId: 'c',
      broker: 'b',
      logger,
    });
  };

  it('runs on for ever in kafkajs with nothing to send, and not with the fix', () => {
    const stock = queueOf('off');
    stock.checkPendingRequests();
    expect(stock.throttleCheckTimeoutId).not.toBeNull();
    stock.destroy();
    const ours = queueOf('timer');
    ours.checkPendingRequests();
    expect(ours.throttleCheckTimeoutId).toBeNull();
  });

  it('is still set while a request waits', () => {
    const queue = queueOf('timer');
    const request = (correlationId: number) => ({ entry: { correlationId }, expectResponse: true, sendRequest: () => {} });
    queue.push(request(1));
    expect(queue.throttleCheckTimeoutId).toBeNull();
    queue.push(request(2));
    expect(queue.pending.length).toBe(1);
    expect(queue.throttleCheckTimeoutId).not.toBeNull();
    queue.destroy();
  });
});

describe('joins', () => {
  it('that come while one is under way share it, one consumer apart from the other', async () => {
    let joins = 0;
    const ends: Array<() => void> = [];
    const join = shared(() => {
      joins += 1;
      return new Promise((resolve) => ends.push(resolve));
    });
    const [a, b] = [{}, {}];
    const all = [join.call(a), join.call(a), join.call(b)];
    expect(joins).toBe(2);
    for (const end of ends) end();
    await Promise.all(all);
    void join.call(a);
    expect(joins).toBe(3);
  });
});

describe('an out-of-range reset', () => {
  it('moves the position, and commits nothing', async () => {
    delete load.cache[load.resolve('kafkajs/src/consumer/offsetManager')];
    applyFixes(load, 'reset');
    const OffsetManager = load('kafkajs/src/consumer/offsetManager') as new (
      options: object,
    ) => {
      setDefaultOffset(tp: object): Promise<void>;
      nextOffset(topic: string, partition: number): { toString(): string };
    };
    const manager = new OffsetManager({
      cluster: {
        committedOffsets: () => ({}),
        fetchTopicsOffset: async ([{ fromBeginning }]: [{ fromBeginning: boolean }]) => [
          { partitions: [{ offset: fromBeginning ? '40' : '90' }] },
        ],
      },
      coordinator: { offsetCommit: () => Promise.reject(new Error('must not commit')) },
      memberAssignment: { t: [0] },
      topicConfigurations: { t: { fromBeginning: true } },
      groupId: 'g',
    });
    await manager.setDefaultOffset({ topic: 't', partition: 0 });
    expect(manager.nextOffset('t', 0).toString()).toBe('40');
  });
});

describe('the switch', () => {
  it('takes on, off and a list, and leaves out what it does not know', () => {
    expect(chosenFixes('off')).toEqual([]);
    expect(chosenFixes('on')).toEqual(['timer', 'decoder', 'aborted', 'batch', 'join', 'reset', 'records']);
    expect(chosenFixes(' aborted, timer,nothing')).toEqual(['timer', 'aborted']);
  });
});
