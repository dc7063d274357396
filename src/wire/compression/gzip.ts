import { gunzipSync, gzipSync } from 'node:zlib';
import type { Codec } from './codec.ts';
import { corrupt, tooLarge } from './compression-error.ts';
import { endOfMembers } from './gzip-members.ts';

const DEFAULT_LEVEL = -1;

export const gzip: Codec = {
  compress: (bytes, level = DEFAULT_LEVEL) => gzipSync(bytes, { level }),
  decompress: (bytes, maxBytes) => {
    try {
      return gunzipSync(bytes, { maxOutputLength: Math.max(1, maxBytes) });
    } catch (error) {
      // Bytes behind the last member are left out, as in Java's GZIPInputStream, so that Kafka accepts them. zlib takes them for another member.
      const end = isTooLarge(error) ? undefined : endOfMembers(bytes, maxBytes);
      if (end !== undefined && end > 0 && end < bytes.length) return gzip.decompress(bytes.subarray(0, end), maxBytes);
      throw inflateError('gzip', error, maxBytes);
    }
  },
};

/** What zlib's errors mean. */
export function inflateError(codec: string, error: unknown, maxBytes: number): Error {
  if (!(error instanceof Error)) return corrupt(codec, String(error));
  return isTooLarge(error) ? tooLarge(codec, maxBytes) : corrupt(codec, error.message, error);
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}
