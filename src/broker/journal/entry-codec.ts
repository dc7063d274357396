import { crc32c } from '../../wire/crc32c.ts';
import type { Entry } from './entry.ts';

/**
 * On disk an entry is: four bytes of length (of what follows the checksum), four bytes of CRC-32C (of the same), one byte
 * of version, JSON in UTF-8. Numbers are big-endian.
 */
const HEAD_BYTES = 8;
const VERSION = 1;
const OPEN_BRACE = 0x7b;

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

/** What follows the entries that could be read. */
export type Tail = 'none' | 'cut off' | 'damaged';

/**
 * A process that is killed, or a power cut, leaves the beginning of an entry, or zeros, at the end of a file. Anything else
 * that is not an entry was changed by somebody else: whole entries behind it, or one of full length with a wrong checksum.
 */
export function tailAfter(bytes: Buffer, end: number): Tail {
  if (end === bytes.length) return 'none';
  const rest = bytes.subarray(end);
  if (nextEntry(bytes, end + 1) !== undefined) return 'damaged';
  if (rest.length <= HEAD_BYTES || rest.at(-1) === 0) return 'cut off';
  return rest.readUInt32BE(0) > rest.length - HEAD_BYTES && !isJson(rest.subarray(HEAD_BYTES + 1)) ? 'cut off' : 'damaged';
}

/** Then an entry ends here, and its length is wrong. */
function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString());
    return true;
  } catch {
    return false;
  }
}

/** Where the next whole entry begins, at `from` or behind it. */
function nextEntry(bytes: Buffer, from: number): number | undefined {
  for (let at = from; at + HEAD_BYTES < bytes.length; at++) {
    // Every entry is a JSON object: this cheap look rules out most places.
    if (bytes[at + HEAD_BYTES] === VERSION && bytes[at + HEAD_BYTES + 1] === OPEN_BRACE && isWhole(bytes, at)) return at;
  }
  return undefined;
}

function isWhole(bytes: Buffer, at: number): boolean {
  const length = bytes.readUInt32BE(at);
  const from = at + HEAD_BYTES;
  return length >= 1 && from + length <= bytes.length && bytes.readUInt32BE(at + 4) === crc32c(bytes, from, from + length);
}

/**
 * Calls `apply` with each entry up to the first that is not whole or does not fit its checksum.
 *
 * @returns bytes up to there
 */
export function decodeEntries(bytes: Buffer, apply: (entry: Entry) => void, start = 0): number {
  let at = start;
  while (at + HEAD_BYTES < bytes.length) {
    if (!isWhole(bytes, at)) return at;
    const length = bytes.readUInt32BE(at);
    const from = at + HEAD_BYTES;
    if (bytes[from] !== VERSION) throw new Error(`an entry has version ${bytes[from]}, and only ${VERSION} is known`);
    apply(JSON.parse(bytes.toString('utf8', from + 1, from + length)) as Entry);
    at = from + length;
  }
  return at;
}

/** Calls `apply` with every whole entry, also behind bytes that are none. @returns bytes that were passed over */
export function salvageEntries(bytes: Buffer, apply: (entry: Entry) => void): number {
  let lost = 0;
  for (let at: number | undefined = 0; at !== undefined; ) {
    const end = decodeEntries(bytes, apply, at);
    at = nextEntry(bytes, end + 1);
    lost += (at ?? bytes.length) - end;
  }
  return lost;
}
