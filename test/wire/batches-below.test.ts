import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeBatch } from '../../src/wire/batch-encoder.ts';
import { batchesBelow } from '../../src/wire/batches-below.ts';
import { readFetched } from '../../src/wire/fetched-batches.ts';
import { type OpenBatch, RecordReader } from '../../src/wire/record-reader.ts';

/** Batches one behind the other, each of so many records. */
function batchesOf(counts: readonly number[]): OpenBatch[] {
  let offset = 0;
  const all = counts.map((count) => {
    const records = Array.from({ length: count }, (_, index) => ({ key: null, value: Buffer.from(`value ${offset + index}`) }));
    const bytes = encodeBatch(records, { producerId: -1, producerEpoch: -1, firstSequence: -1 }, () => {});
    bytes.writeBigInt64BE(BigInt(offset), 0);
    offset += count;
    return bytes;
  });
  return [...readFetched(Buffer.concat(all), []).visible];
}

const valuesOf = (reader: Iterable<{ readonly value: Buffer | null }>) => [...reader].map(({ value }) => String(value));

it('keeps the records below the offset, and counts them', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 6 }), fc.nat(30), (counts, offset) => {
      const total = counts.reduce((sum, count) => sum + count, 0);
      const reader = new RecordReader(batchesBelow(batchesOf(counts), offset), () => undefined);
      expect(reader.length).toBe(Math.min(total, offset));
      expect(valuesOf(reader)).toEqual(Array.from({ length: Math.min(total, offset) }, (_, index) => `value ${index}`));
      expect(reader.bytes).toBe(0);
    }),
  );
});

it('keeps a batch that cannot be read', () => {
  const [batch] = batchesOf([3]);
  const unreadable = { ...batch!, count: 1, unreadable: { error: new Error('cut off'), records: 3 } };
  expect(batchesBelow([unreadable], 1)).toEqual([unreadable]);
  expect(batchesBelow([unreadable], 0)).toEqual([]);
});
