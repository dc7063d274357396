import { inflateRawSync } from 'node:zlib';

/** RFC 1952, section 2.3. */
const MAGIC = 0x1f8b;
const DEFLATE = 8;
const FIXED_BYTES = 10;
const TRAILER_BYTES = 8;
const HAS_HEADER_CHECKSUM = 0x02;
const HAS_EXTRA = 0x04;
const HAS_NAME = 0x08;
const HAS_COMMENT = 0x10;

/**
 * Returns where the last member of gzip data ends: behind it is what does not begin with the header of another one. Member follows member
 * in a file that was appended to.
 *
 * @returns undefined when a member cannot be read
 */
export function endOfMembers(bytes: Buffer, maxBytes: number): number | undefined {
  for (let at = 0; ; ) {
    const body = endOfHeader(bytes, at);
    if (body === undefined) return at;
    const length = deflatedLength(bytes.subarray(body), maxBytes);
    if (length === undefined) return undefined;
    at = body + length + TRAILER_BYTES;
    if (at > bytes.length) return undefined;
  }
}

/** Returns where the header that begins at `at` ends; undefined where none begins, or where it is cut off. */
function endOfHeader(bytes: Buffer, at: number): number | undefined {
  if (at + FIXED_BYTES > bytes.length || bytes.readUInt16BE(at) !== MAGIC || bytes[at + 2] !== DEFLATE) return undefined;
  const flags = bytes[at + 3] ?? 0;
  let end = at + FIXED_BYTES;
  if (flags & HAS_EXTRA) {
    if (end + 2 > bytes.length) return undefined;
    end += 2 + bytes.readUInt16LE(end);
  }
  for (const text of [HAS_NAME, HAS_COMMENT]) {
    if (!(flags & text)) continue;
    const zero = bytes.indexOf(0, end);
    if (zero < 0) return undefined;
    end = zero + 1;
  }
  if (flags & HAS_HEADER_CHECKSUM) end += 2;
  return end < bytes.length ? end : undefined;
}

function deflatedLength(bytes: Buffer, maxBytes: number): number | undefined {
  try {
    // `info` is missing in the types of inflateRawSync's result.
    const { engine } = inflateRawSync(bytes, { maxOutputLength: Math.max(1, maxBytes), info: true }) as unknown as Inflated;
    return engine.bytesWritten;
  } catch {
    return undefined;
  }
}

interface Inflated {
  /** `bytesWritten`: how much of the input it took. */
  readonly engine: { readonly bytesWritten: number };
}
