/** Reads record batches on its own: what a test believes about a log must not come from the code that wrote it. */
export interface ReadValue {
  readonly offset: number;
  readonly value: string;
  /** Empty without one. */
  readonly key: string;
  readonly isTombstone: boolean;
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
    const keySize = Math.max(varint(cursor), 0);
    const key = batch.toString('utf8', cursor.at, cursor.at + keySize);
    cursor.at += keySize;
    const size = varint(cursor);
    const value = batch.toString('utf8', cursor.at, cursor.at + Math.max(size, 0));
    cursor.at = end;
    return { offset, value, key, isTombstone: size < 0 };
  });
}

function varint(cursor: { readonly bytes: Buffer; at: number }): number {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = cursor.bytes.readUInt8(cursor.at++);
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return Number((value >> 1n) ^ -(value & 1n));
}

export interface ReadBatch {
  readonly baseOffset: number;
  readonly producerId: number;
  readonly isTransactional: boolean;
  /** Of a control batch: does it commit? */
  readonly commits: boolean | undefined;
  readonly values: readonly string[];
}

export function batchesOf(buffers: readonly Buffer[]): ReadBatch[] {
  const bytes = Buffer.concat(buffers);
  const found: ReadBatch[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readInt32BE(at + 8) + 12;
    const one = bytes.subarray(at, at + length);
    const attributes = one.readInt16BE(21);
    const isControl = (attributes & 0x20) !== 0;
    found.push({
      baseOffset: Number(one.readBigInt64BE(0)),
      producerId: Number(one.readBigInt64BE(43)),
      isTransactional: (attributes & 0x10) !== 0,
      commits: isControl ? one.readInt16BE(61 + 5 + 2) === 1 : undefined,
      values: isControl ? [] : valuesOfBatch(one).map(({ value }) => value),
    });
    at += length;
  }
  return found;
}

/** What a reader of committed records makes of batches and the list of aborted transactions that came with them. */
export function committedValues(
  buffers: readonly Buffer[],
  aborted: readonly { readonly producerId: number; readonly firstOffset: number }[],
): string[] {
  const coming = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const within = new Set<number>();
  const values: string[] = [];
  for (const batch of batchesOf(buffers)) {
    while (coming[0] !== undefined && coming[0].firstOffset <= batch.baseOffset)
      within.add((coming.shift() as { producerId: number }).producerId);
    if (batch.commits === false) within.delete(batch.producerId);
    if (batch.commits === undefined && !(batch.isTransactional && within.has(batch.producerId))) values.push(...batch.values);
  }
  return values;
}
