import type { CommittedOffset } from '../client.ts';

/** Brokers write the offsets of a request as one batch, which has to stay below `message.max.bytes` (1 MB). */
const PART_BYTES = 500_000;
/** Of an offset beside its names and metadata. */
const OFFSET_BYTES = 100;

/** Cuts offsets into parts that a broker takes in one request each. All are committed by the end of the same transaction. */
export function offsetParts(offsets: readonly CommittedOffset[], partBytes = PART_BYTES): CommittedOffset[][] {
  const parts: CommittedOffset[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const offset of offsets) {
    const size = OFFSET_BYTES + offset.topic.length + (offset.metadata === null ? 0 : Buffer.byteLength(offset.metadata));
    if (bytes + size > partBytes) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(offset);
    bytes += size;
  }
  return parts;
}
