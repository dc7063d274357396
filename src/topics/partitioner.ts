/**
 * murmur2 as Kafka's Java client computes it (`org.apache.kafka.common.utils.Utils.murmur2`): seed 0x9747b28c, 32 bit,
 * little-endian words. Returns a signed 32-bit integer.
 */
export function murmur2(data: Uint8Array): number {
  const length = data.length;
  const m = 0x5bd1e995;
  let h = (0x9747b28c ^ length) | 0;
  const words = length >> 2;
  for (let i = 0; i < words; i++) {
    const at = i << 2;
    let k = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24) | 0;
    k = Math.imul(k, m);
    k ^= k >>> 24;
    k = Math.imul(k, m);
    h = Math.imul(h, m) ^ k;
  }
  const tail = words << 2;
  const rest = length & 3;
  if (rest >= 3) h ^= data[tail + 2]! << 16;
  if (rest >= 2) h ^= data[tail + 1]! << 8;
  if (rest >= 1) h = Math.imul(h ^ data[tail]!, m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  h ^= h >>> 15;
  return h | 0;
}

/** Partition of a key, as Kafka's default partitioner chooses it: the hash without its sign bit, modulo the count. */
export function partitionOf(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/** How many records without key go to one partition before the next one is taken. */
const STICKY_RECORDS = 100;

/** Spreads records without key over the partitions, a run at a time, so that they travel in batches. */
export class KeylessSpread {
  #next = Math.floor(Math.random() * 0x7fffffff);
  #left = STICKY_RECORDS;

  next(partitions: number): number {
    if (this.#left-- <= 0) {
      this.#left = STICKY_RECORDS - 1;
      this.#next++;
    }
    return this.#next % partitions;
  }
}
