import { gunzipSync, gzipSync } from 'node:zlib';
import type { Codec } from './codec.ts';
import { corrupt, tooLarge } from './compression-error.ts';

const DEFAULT_LEVEL = -1;

export const gzip: Codec = {
  compress: (bytes, level = DEFAULT_LEVEL) => gzipSync(bytes, { level }),
  decompress: (bytes, maxBytes) => {
    try {
      return gunzipSync(bytes, { maxOutputLength: Math.max(1, maxBytes) });
    } catch (error) {
      throw inflateError('gzip', error, maxBytes);
    }
  },
};

/** What zlib's errors mean. */
export function inflateError(codec: string, error: unknown, maxBytes: number): Error {
  if (!(error instanceof Error)) return corrupt(codec, String(error));
  const isTooLarge = 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
  return isTooLarge ? tooLarge(codec, maxBytes) : corrupt(codec, error.message, error);
}
