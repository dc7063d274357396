/** Reads record batches on its own: what a test believes about a log must not come from the code that wrote it. */
export interface ReadValue {
  readonly offset: number;
  readonly value: string;
}

export function valuesOf(buffers: readonly Buffer[]): ReadValue[] {
  return buffers.flatMap((bytes) => {
    const found: ReadValue[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = bytes.readInt32BE(at + 8) + 12;
      found.push(...valuesOfBatch(bytes.subarray(at, at + length)));
      at += length;
    }
    return found;
  });
}

function valuesOfBatch(batch: Buffer): ReadValue[] {
  const base = Number(batch.readBigInt64BE(0));
  const count = batch.readInt32BE(57);
  const cursor = { bytes: batch, at: 61 };
  return Array.from({ length: count }, () => {
    const length = varint(cursor);
    const end = cursor.at + length;
    cursor.at += 1;
    varint(cursor);
    const offset = base + varint(cursor);
    const key = varint(cursor);
    cursor.at += Math.max(key, 0);
    const size = varint(cursor);
    const value = batch.toString('utf8', cursor.at, cursor.at + Math.max(size, 0));
    cursor.at = end;
    return { offset, value };
  });
}

function varint(cursor: { readonly bytes: Buffer; at: number }): number {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = cursor.bytes[cursor.at++] as number;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return Number((value >> 1n) ^ -(value & 1n));
}
