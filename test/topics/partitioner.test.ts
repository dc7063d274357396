import { describe, expect, it } from 'vitest';
import { KeylessSpread, murmur2, partitionOf } from '../../src/topics/partitioner.ts';

describe('partitioning as the Java client does it', () => {
  // From Kafka's own UtilsTest.testMurmur2.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('murmur2(%j) = %i', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash);
  });

  it('gives a partition that exists', () => {
    for (let key = 0; key < 1_000; key++) expect([0, 1, 2]).toContain(partitionOf(Buffer.from(String(key)), 3));
  });

  it('spreads records without key over all partitions, in runs', () => {
    const spread = new KeylessSpread();
    const partitions = Array.from({ length: 1_000 }, () => spread.next(4));
    const changes = partitions.filter((partition, index) => index > 0 && partition !== partitions[index - 1]).length;
    expect(new Set(partitions).size).toBe(4);
    expect(changes).toBeLessThanOrEqual(10);
  });
});
