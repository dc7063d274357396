import type { GoldenRecord } from './batches.ts';

/** Reads records on its own: what a test believes must not come from the code under test. */
export function readRecordsPlainly(body: Buffer, count: number): GoldenRecord[] {
  let at = 0;
  const number = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = body.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number((value >> 1n) ^ -(value & 1n));
    }
  };
  const text = (): string | null => {
    const length = number();
    if (length < 0) return null;
    at += length;
    return body.toString('utf8', at - length, at);
  };
  const records = Array.from({ length: count }, (_, i) => {
    const end = number() + at;
    at += 1;
    number();
    if (number() !== i) throw new Error(`record ${i} has another offset`);
    const [key, value] = [text(), text()];
    const headers = Array.from({ length: number() }, () => [text() ?? '', text()] as const);
    if (at !== end) throw new Error(`record ${i} does not end where it says`);
    return { key, value, headers };
  });
  if (at !== body.length) throw new Error(`${body.length - at} bytes are left over`);
  return records;
}
