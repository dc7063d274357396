import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadCodecs } from '../../src/wire/compression/codecs.ts';
import { crc32c } from '../../src/wire/crc32c.ts';
import { HEADER_BYTES, hasValidCrc, isControl, isTransactional, readBatch, stampOffset, stampTime } from '../../src/wire/record-batch.ts';
import { readPositions } from '../../src/wire/records.ts';
import { batch } from '../helpers/wire.ts';

describe('crc32c', () => {
  // RFC 3720, appendix B.4, and the check value of the CRC catalogue.
  it.each([
    ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
    ['32 times 0xff', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['0 to 31', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
    ['31 to 0', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
    ['123456789', Buffer.from('123456789'), 0xe3069283],
    ['nothing', Buffer.alloc(0), 0],
  ])('of %s', (_name, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  it('is that of the plain definition, from any start to any end', () => {
    const plain = (bytes: Uint8Array) => {
      let crc = ~0;
      for (const byte of bytes) {
        crc ^= byte;
        for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
      }
      return ~crc >>> 0;
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), fc.nat(100), (bytes, a, b) => {
        const [start, end] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)];
        expect(crc32c(bytes, start, end)).toBe(plain(bytes.subarray(start, end)));
      }),
    );
  });
});

describe('a record batch', () => {
  it('is read from its header', () => {
    const bytes = batch({ values: ['a', 'b'], timestamp: 1_700_000_000_123, producerId: 2 ** 40, producerEpoch: 3, baseSequence: 9 });
    const read = readBatch(bytes);
    expect(read).toMatchObject({ baseOffset: 0, lastOffsetDelta: 1, recordCount: 2, maxTimestamp: 1_700_000_000_123 });
    expect(read).toMatchObject({ producerId: 2 ** 40, producerEpoch: 3, baseSequence: 9 });
    expect(hasValidCrc(read)).toBe(true);
  });

  it('says whether it is transactional or control', () => {
    const flags = (attributes: number) => [isTransactional, isControl].map((is) => is(readBatch(batch({ attributes }))));
    expect(flags(0)).toEqual([false, false]);
    expect(flags(0x10)).toEqual([true, false]);
    expect(flags(0x30)).toEqual([true, true]);
  });

  it('keeps its checksum when it is given its offset', () => {
    const bytes = batch();
    stampOffset(bytes, 2 ** 40 + 5, 7);
    expect(readBatch(bytes).baseOffset).toBe(2 ** 40 + 5);
    expect(bytes.readInt32BE(12)).toBe(7);
    expect(hasValidCrc(readBatch(bytes))).toBe(true);
  });

  it('has a new checksum when it is given the time of its arrival', () => {
    const stamped = stampTime(readBatch(batch()), 'LogAppendTime', 1_800_000_000_000);
    expect(hasValidCrc(stamped)).toBe(true);
    expect(readBatch(stamped.bytes)).toMatchObject({ maxTimestamp: 1_800_000_000_000, attributes: 8 });
    expect(readPositions(stamped)).toMatchObject([{ timestamp: 1_800_000_000_000 }]);
  });

  it('that is cut anywhere is refused', () => {
    const bytes = batch({ values: ['some value'] });
    for (let length = 0; length < bytes.length; length++) expect(() => readBatch(bytes.subarray(0, length))).toThrow();
  });

  it('with any byte changed after the checksum has a wrong one', () => {
    const bytes = batch({ values: ['value'] });
    fc.assert(
      fc.property(fc.integer({ min: 21, max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const copy = Buffer.from(bytes);
        copy[at] = (copy[at] as number) ^ change;
        expect(hasValidCrc(readBatch(copy))).toBe(false);
      }),
    );
  });
});

describe('positions of records', () => {
  beforeAll(loadCodecs);

  it('are read from plain and gzip batches', () => {
    const plain = batch({ values: ['a', null, 'c'], timestamp: 5000 });
    const zipped = Buffer.concat([plain.subarray(0, HEADER_BYTES), gzipSync(plain.subarray(HEADER_BYTES))]);
    zipped.writeInt32BE(zipped.length - 12, 8);
    zipped.writeInt16BE(1, 21);
    const expected = [0, 1, 2].map((offset) => ({ offset, timestamp: 5000, hasKey: true }));
    expect(readPositions(readBatch(plain))).toMatchObject(expected);
    expect(readPositions(readBatch(zipped))).toMatchObject(expected);
  });

  it('say whether there is a key', () => {
    expect(readPositions(readBatch(batch({ key: null })))).toMatchObject([{ hasKey: false }]);
  });

  it('are unknown where there is no codec, and where the bytes make no sense', () => {
    expect(readPositions(readBatch(batch({ attributes: 4 })))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (noise, recordCount) => {
        const header = batch({ values: [], recordCount }).subarray(0, HEADER_BYTES);
        const bytes = Buffer.concat([header, noise]);
        bytes.writeInt32BE(bytes.length - 12, 8);
        const found = readPositions(readBatch(bytes));
        expect(found === undefined || found.length === recordCount).toBe(true);
      }),
    );
  });
});
