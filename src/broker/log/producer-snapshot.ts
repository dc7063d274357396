import { crc32c } from '../../wire/crc32c.ts';

/**
 * What is known of the producers before a segment's first offset, in a file beside the segment: four bytes of CRC-32C,
 * then JSON. It is written when all segments before that offset are synced, so its presence also says where a recovery
 * may begin. One whose checksum does not match is ignored.
 */
export function producerSnapshotName(baseOffset: number): string {
  return `${String(baseOffset).padStart(20, '0')}.producers`;
}

/** The offset in the name of such a file; undefined for any other file. */
export function producerSnapshotBase(name: string): number | undefined {
  return /^\d{20}\.producers$/.test(name) ? Number(name.slice(0, 20)) : undefined;
}

export function encodeProducers(producers: readonly unknown[]): Buffer {
  const json = Buffer.from(JSON.stringify(producers));
  const bytes = Buffer.allocUnsafeSlow(4 + json.length);
  json.copy(bytes, 4);
  bytes.writeUInt32BE(crc32c(bytes, 4), 0);
  return bytes;
}

export function decodeProducers(bytes: Buffer): readonly unknown[] | undefined {
  if (bytes.length < 6 || bytes.readUInt32BE(0) !== crc32c(bytes, 4)) return undefined;
  return JSON.parse(bytes.toString('utf8', 4)) as readonly unknown[];
}
