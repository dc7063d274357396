import { corrupt } from './compression-error.ts';

const MAGIC = 0xfd2fb528;
const HAS_CHECKSUM = 0x04;
const IS_SINGLE_SEGMENT = 0x20;
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;
const BLOCK_HEADER_BYTES = 3;
const BlockType = { RLE: 1, RESERVED: 3 } as const;

/**
 * Checks the outline of the one Zstandard frame in `bytes` (RFC 8878, section 3.1.1): node:zlib takes a frame that is cut
 * off for a whole one.
 *
 * @returns the size that the frame says it expands to; undefined when it does not say
 * @throws CompressionError for anything else than one whole frame
 */
export function checkFrame(bytes: Buffer): number | undefined {
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== MAGIC) throw corrupt('zstd', 'it does not begin with a frame');
  const descriptor = bytes.readUInt8(4);
  const isSingle = (descriptor & IS_SINGLE_SEGMENT) !== 0;
  const sizeAt = 5 + (isSingle ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 0x03] ?? 0);
  const sizeField = descriptor >> 6;
  const sizeBytes = sizeField === 0 ? Number(isSingle) : 2 ** sizeField;
  const end = afterBlocks(bytes, sizeAt + sizeBytes) + (descriptor & HAS_CHECKSUM ? 4 : 0);
  if (end > bytes.length) throw corrupt('zstd', `its frame is cut off at byte ${bytes.length}`);
  if (end < bytes.length) throw corrupt('zstd', `${bytes.length - end} bytes come after its frame`);
  return contentSize(bytes, sizeAt, sizeBytes);
}

function afterBlocks(bytes: Buffer, start: number): number {
  for (let at = start; at + BLOCK_HEADER_BYTES <= bytes.length; ) {
    const header = bytes.readUIntLE(at, BLOCK_HEADER_BYTES);
    const type = (header >> 1) & 0x03;
    if (type === BlockType.RESERVED) throw corrupt('zstd', `the block at byte ${at} has no known type`);
    at += BLOCK_HEADER_BYTES + (type === BlockType.RLE ? 1 : header >> 3);
    if (header & 1) return at;
  }
  throw corrupt('zstd', `its frame is cut off at byte ${bytes.length}`);
}

function contentSize(bytes: Buffer, at: number, length: number): number | undefined {
  switch (length) {
    case 0:
      return undefined;
    case 1:
      return bytes.readUInt8(at);
    case 2:
      return bytes.readUInt16LE(at) + 256;
    case 4:
      return bytes.readUInt32LE(at);
    default:
      return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
  }
}
