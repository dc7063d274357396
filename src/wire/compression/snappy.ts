import { snappyCompressor, snappyUncompressor } from 'hysnappy';
import type { Codec } from './codec.ts';
import { corrupt, tooLarge } from './compression-error.ts';

/**
 * Kafka's clients write snappy in two ways, and read both. The Java client writes xerial's stream
 * (https://github.com/xerial/snappy-java/blob/master/src/main/java/org/xerial/snappy/SnappyOutputStream.java): a header of
 * 16 bytes, then blocks of four bytes of length and raw snappy. librdkafka writes one raw snappy block
 * (https://github.com/google/snappy/blob/main/format_description.txt).
 */
const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const HEADER_BYTES = 16;
const VERSION = 1;
/** As xerial's. A reader allocates as much for each block. */
const BLOCK_BYTES = 32 * 1024;
/** The longest copy of 64 bytes takes three: more cannot come out of a block. */
const MAX_RATIO = 64 / 3;
/** WebAssembly memory never shrinks, so that a larger block gets an instance of its own. */
const SHARED_BYTES = 4 * 1024 * 1024;

const compressBlock = snappyCompressor();
const uncompressBlock = snappyUncompressor();

export const snappy: Codec = {
  compress: (bytes) => {
    const parts = [header()];
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
      const block = compressBlock(bytes.subarray(at, at + BLOCK_BYTES));
      const length = Buffer.allocUnsafe(4);
      length.writeInt32BE(block.length);
      parts.push(length, Buffer.from(block.buffer, block.byteOffset, block.length));
    }
    return Buffer.concat(parts);
  },
  decompress: (bytes, maxBytes) => {
    const isXerial = bytes.length >= HEADER_BYTES && bytes.subarray(0, MAGIC.length).equals(MAGIC);
    const blocks = isXerial ? xerialBlocks(bytes) : [bytes];
    const lengths = blocks.map(plainLength);
    if (lengths.reduce((sum, length) => sum + length, 0) > maxBytes) throw tooLarge('snappy', maxBytes);
    return join(blocks.map((block, i) => uncompress(block, lengths[i] ?? 0)));
  },
};

function header(): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(bytes);
  bytes.writeInt32BE(VERSION, 8);
  bytes.writeInt32BE(VERSION, 12);
  return bytes;
}

function xerialBlocks(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const length = at + 4 <= bytes.length ? bytes.readInt32BE(at) : -1;
    const end = at + 4 + length;
    if (length < 0 || end > bytes.length) throw corrupt('snappy', `the block at byte ${at} is cut off`);
    blocks.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return blocks;
}

/** A block begins with the length of what it holds, a varint of at most 32 bits. */
function plainLength(block: Buffer): number {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = block[i];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte >= 0x80) continue;
    if (length > block.length * MAX_RATIO) throw corrupt('snappy', `${block.length} bytes cannot hold ${length}`);
    return length;
  }
  throw corrupt('snappy', 'a block has no length');
}

function uncompress(block: Buffer, length: number): Uint8Array {
  if (length === 0) return new Uint8Array(0);
  try {
    return length <= SHARED_BYTES ? uncompressBlock(block, length) : snappyUncompressor()(block, length);
  } catch (error) {
    throw corrupt('snappy', error instanceof Error ? error.message : String(error), error);
  }
}

function join(parts: readonly Uint8Array[]): Buffer {
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? Buffer.from(first.buffer, first.byteOffset, first.length) : Buffer.concat(parts);
}
