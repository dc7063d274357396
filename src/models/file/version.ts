import { createHash } from 'node:crypto';

/** Returns the first 12 digits of the content's SHA-256. */
export function versionOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 12);
}
