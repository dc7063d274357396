import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryLog } from '../../src/broker/log/memory-log.ts';
import { readBatch } from '../../src/wire/record-batch.ts';
import { batch } from '../helpers/wire.ts';

const NO_LIMIT = { bytes: -1, ms: -1 };

function append(log: MemoryLog, records: number, timestamp = 1000): number {
  return log.append(readBatch(batch({ values: Array.from({ length: records }, () => 'value'), timestamp })), 0);
}

const offsetsOf = (buffers: readonly Buffer[]) => buffers.map((bytes) => Number(bytes.readBigInt64BE(0)));

describe('a log in memory', () => {
  it('gives from any offset the batch that holds it and those after it', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 20 }), fc.nat(), fc.nat(), (sizes, at, cut) => {
        const log = new MemoryLog(() => ({ segmentBytes: 1_000_000, segmentMs: 1_000_000_000_000 }));
        const starts = sizes.map((size) => append(log, size));
        const total = sizes.reduce((a, b) => a + b);
        const offset = at % (total + 1);
        const start = cut % (offset + 1);
        log.deleteBefore(start);
        expect([log.startOffset, log.endOffset]).toEqual([start, total]);
        const expected = starts.filter((base, i) => base + (sizes[i] as number) > offset);
        expect(offsetsOf(log.read(offset, 1_000_000, true))).toEqual(expected);
      }),
    );
  });

  it('keeps to the byte limit, but for the one batch that is asked for at least', () => {
    const log = new MemoryLog(() => ({ segmentBytes: 1_000_000, segmentMs: 1_000_000_000_000 }));
    for (let i = 0; i < 3; i++) append(log, 1);
    const size = log.sizeBytes / 3;
    expect(log.read(0, size * 2, true)).toHaveLength(2);
    expect(log.read(0, 1, true)).toHaveLength(1);
    expect(log.read(0, 1, false)).toHaveLength(0);
  });

  it('drops what is over its bytes, the oldest first, and never asks for less than was to be kept', () => {
    const log = new MemoryLog(() => ({ segmentBytes: 1_000_000, segmentMs: 1_000_000_000_000 }));
    for (let i = 0; i < 10; i++) append(log, 2);
    const size = log.sizeBytes / 10;
    log.enforce({ bytes: size * 3, ms: -1 }, 0);
    expect([log.startOffset, log.sizeBytes]).toEqual([14, size * 3]);
    log.enforce(NO_LIMIT, 0);
    expect(log.startOffset).toBe(14);
  });

  it('drops what is older than its time', () => {
    const log = new MemoryLog(() => ({ segmentBytes: 1_000_000, segmentMs: 1_000_000_000_000 }));
    for (const timestamp of [1000, 2000, 3000]) append(log, 1, timestamp);
    log.enforce({ bytes: -1, ms: 1500 }, 4000);
    expect(log.startOffset).toBe(2);
  });

  it('finds the latest record by time', () => {
    const log = new MemoryLog(() => ({ segmentBytes: 1_000_000, segmentMs: 1_000_000_000_000 }));
    for (const timestamp of [1000, 9000, 3000]) append(log, 1, timestamp);
    expect(log.latestByTime()).toMatchObject({ offset: 1, timestamp: 9000 });
    expect(new MemoryLog(() => ({ segmentBytes: 1_000_000, segmentMs: 1_000_000_000_000 })).latestByTime()).toBeUndefined();
  });

  it('does not keep a large frame alive for a small batch in it', () => {
    const small = batch();
    const frame = Buffer.concat([Buffer.alloc(100_000), small]);
    const log = new MemoryLog(() => ({ segmentBytes: 1_000_000, segmentMs: 1_000_000_000_000 }));
    log.append(readBatch(frame.subarray(100_000)), 0);
    expect(log.read(0, 1000, true)[0]?.buffer.byteLength).toBe(small.length);
  });
});
