import { crc32c } from '../../wire/crc32c.ts';
import type { Entry } from './entry.ts';

/**
 * On disk an entry is: four bytes of length (of what follows the checksum), four bytes of CRC-32C (of the same), one byte
 * of version, JSON in UTF-8. Numbers are big-endian.
 */
const HEAD_BYTES = 8;
const VERSION = 1;

export function encodeEntry(entry: Entry): Buffer {
  const json = JSON.stringify(entry);
  const length = 1 + Buffer.byteLength(json);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + length);
  bytes.writeUInt32BE(length, 0);
  bytes[HEAD_BYTES] = VERSION;
  bytes.write(json, HEAD_BYTES + 1);
  bytes.writeUInt32BE(crc32c(bytes, HEAD_BYTES), 4);
  return bytes;
}

/**
 * Calls `apply` with each entry up to the first that is not whole or does not fit its checksum.
 *
 * @returns bytes up to there
 */
export function decodeEntries(bytes: Buffer, apply: (entry: Entry) => void): number {
  let at = 0;
  while (at + HEAD_BYTES < bytes.length) {
    const length = bytes.readUInt32BE(at);
    const from = at + HEAD_BYTES;
    if (length < 1 || from + length > bytes.length || bytes.readUInt32BE(at + 4) !== crc32c(bytes, from, from + length)) return at;
    if (bytes[from] !== VERSION) throw new Error(`an entry has version ${bytes[from]}, and only ${VERSION} is known`);
    apply(JSON.parse(bytes.toString('utf8', from + 1, from + length)) as Entry);
    at = from + length;
  }
  return at;
}
