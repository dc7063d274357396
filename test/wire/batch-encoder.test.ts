import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OutputRecord } from '../../src/kafka/client.ts';
import { headersOf } from '../../src/kafka/kafkajs/partition-queue.ts';
import { encodeBatch, estimateSize } from '../../src/wire/batch-encoder.ts';
import { crc32c } from '../../src/wire/crc32c.ts';

const load = createRequire(import.meta.url);
const clientCrc = load('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number;
const Decoder = load('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object;
const decodeBatch = load('kafkajs/src/protocol/recordBatch/v0/decoder') as (decoder: object) => Promise<ClientBatch>;
const { RecordBatch } = load('kafkajs/src/protocol/recordBatch/v0') as { RecordBatch(batch: object): Promise<{ buffer: Buffer }> };
const ClientRecord = load('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => object;

interface ClientBatch {
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly records: Array<{ offset: string; timestamp: string; key: Buffer | null; value: Buffer | null; headers: object }>;
}

const identity = { producerId: 77, producerEpoch: 3, firstSequence: 12 };

const bytes = fc.option(
  fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
  { nil: null },
);
const value = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
// kafkajs reads a header called as a method of every object (valueOf) wrongly; see the fixes.
const headers = fc.dictionary(
  fc.string({ unit: 'grapheme', maxLength: 12 }).filter((name) => !(name in {})),
  fc.oneof(value, fc.array(value, { minLength: 2, maxLength: 3 })),
  { maxKeys: 3 },
);
const record: fc.Arbitrary<OutputRecord> = fc.record({
  topic: fc.constant('t'),
  partition: fc.constant(0),
  key: bytes,
  value: bytes,
  headers,
  timestamp: fc.integer({ min: 0, max: 4_000_000_000_000 }),
});

describe('a record batch', () => {
  it('reads back through kafkajs as it was given', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 30 }), async (records) => {
        const batch = encodeBatch(records, identity, headersOf);
        const read = await decodeBatch(new Decoder(batch));
        expect(read).toMatchObject({ producerId: '77', producerEpoch: 3, firstSequence: 12 });
        expect(read.records.map(({ key, value: body, timestamp }) => ({ key, body, timestamp: Number(timestamp) }))).toEqual(
          records.map((each) => ({ key: each.key, body: each.value, timestamp: each.timestamp })),
        );
        expect(read.records.map((each) => ({ ...each.headers }))).toEqual(records.map((each) => ({ ...each.headers })));
        expect(batch.readUInt32BE(17)).toBe(clientCrc(batch.subarray(21)));
        expect(records.reduce((sum, each) => sum + estimateSize(each, headersOf), 61)).toBeGreaterThanOrEqual(batch.length);
      }),
    );
  });

  it('is byte for byte what kafkajs writes, where that sorts its timestamps rightly', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 20 }), async (unsorted) => {
        const records = unsorted.map((each, index) => ({ ...each, timestamp: 1_700_000_000_000 + index * 7 }));
        const timestamps = records.map(({ timestamp }) => timestamp);
        const client = await RecordBatch({
          ...identity,
          producerId: '77',
          partitionLeaderEpoch: -1,
          firstTimestamp: timestamps[0],
          maxTimestamp: timestamps.at(-1),
          lastOffsetDelta: records.length - 1,
          records: records.map((each, index) =>
            ClientRecord({ ...each, offsetDelta: index, timestampDelta: each.timestamp - (timestamps[0] ?? 0) }),
          ),
        });
        expect(encodeBatch(records, identity, headersOf).equals(client.buffer)).toBe(true);
      }),
    );
  });

  it('writes a header without a value as null', async () => {
    const odd = { a: null, b: undefined, c: [Buffer.from('1'), null] } as unknown as Record<string, Buffer>;
    const batch = encodeBatch([{ topic: 't', partition: 0, key: null, value: null, headers: odd }], identity, headersOf);
    const read = await decodeBatch(new Decoder(batch));
    expect(read.records[0]?.headers).toEqual({ a: null, b: null, c: [Buffer.from('1'), null] });
  });
});

describe('crc32c', () => {
  it('has the check value of the standard, at any alignment', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    fc.assert(fc.property(value, (each) => crc32c(each) === clientCrc(each)));
  });
});
