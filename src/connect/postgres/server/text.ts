import { isUtf8 } from 'node:buffer';

const REPLACEMENT = '\uFFFD';

/**
 * Decodes UTF-8. A database with the encoding SQL_ASCII holds bytes of any encoding: where they are not UTF-8, the bytes are
 * returned, because the decoded text would be another one.
 */
export function textOrBytes(bytes: Buffer): string | Buffer {
  const text = bytes.toString('utf8');
  // To look for the replacement first is cheaper than to check every value.
  return text.includes(REPLACEMENT) && !isUtf8(bytes) ? Buffer.from(bytes) : text;
}
