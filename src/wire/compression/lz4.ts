import { compressFrameSync, decompressFrameSync } from 'lz4-napi';
import type { Codec } from './codec.ts';
import { corrupt, tooLarge } from './compression-error.ts';
import { checkFrame } from './lz4-frame.ts';

/** LZ4 frames of independent blocks (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md). */
export const lz4: Codec = {
  compress: (bytes) => compressFrameSync(bytes),
  decompress: (bytes, maxBytes) => {
    checkFrame(bytes, maxBytes);
    const plain = decompressFrame(bytes);
    if (plain.length > maxBytes) throw tooLarge('lz4', maxBytes);
    return plain;
  },
};

function decompressFrame(bytes: Buffer): Buffer {
  try {
    return decompressFrameSync(bytes);
  } catch (error) {
    throw corrupt('lz4', error instanceof Error ? error.message : String(error), error);
  }
}
