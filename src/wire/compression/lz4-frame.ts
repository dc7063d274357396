import { corrupt, tooLarge } from './compression-error.ts';

const MAGIC = 0x184d2204;
const DESCRIPTOR_AT = 4;
const HAS_DICTIONARY = 0x01;
const HAS_CONTENT_CHECKSUM = 0x04;
const HAS_CONTENT_SIZE = 0x08;
const HAS_BLOCK_CHECKSUM = 0x10;
const CHECKSUM_BYTES = 4;
const IS_PLAIN = 0x80000000;
/** Bytes of a block at most, by the three bits that name it. */
const BLOCK_BYTES: Readonly<Record<number, number>> = { 4: 0x10000, 5: 0x40000, 6: 0x100000, 7: 0x400000 };
/** A byte of a length says 255 bytes of output. */
const MAX_RATIO = 255;

/**
 * Checks the frame's outline before anything is decompressed: its blocks are whole, its end is there, and it cannot
 * expand to more than one block beyond `maxBytes`, going by the sizes of its blocks.
 *
 * @throws CompressionError
 */
export function checkFrame(bytes: Buffer, maxBytes: number): void {
  if (bytes.length < DESCRIPTOR_AT + 3 || bytes.readUInt32LE(0) !== MAGIC) throw corrupt('lz4', 'it does not begin with a frame');
  const flags = bytes.readUInt8(DESCRIPTOR_AT);
  const blockBytes = BLOCK_BYTES[(bytes.readUInt8(DESCRIPTOR_AT + 1) >> 4) & 0x07];
  if (blockBytes === undefined) throw corrupt('lz4', 'its block size is not defined');
  const afterBlock = flags & HAS_BLOCK_CHECKSUM ? CHECKSUM_BYTES : 0;
  let at = DESCRIPTOR_AT + 3 + (flags & HAS_CONTENT_SIZE ? 8 : 0) + (flags & HAS_DICTIONARY ? 4 : 0);
  let most = 0;
  for (;;) {
    if (at + 4 > bytes.length) throw corrupt('lz4', `it ends at byte ${bytes.length} without an end mark`);
    const field = bytes.readUInt32LE(at);
    at += 4;
    if (field === 0) break;
    const length = field & ~IS_PLAIN;
    most += field >= IS_PLAIN ? length : Math.min(blockBytes, length * MAX_RATIO);
    if (most > maxBytes + blockBytes) throw tooLarge('lz4', maxBytes);
    at += length + afterBlock;
  }
  if (at + (flags & HAS_CONTENT_CHECKSUM ? CHECKSUM_BYTES : 0) > bytes.length) throw corrupt('lz4', 'its checksum is cut off');
}
