import { isUtf8 } from 'node:buffer';

/** Bytes that are not UTF-8. The message continues a sentence, as `the answer ...`. */
export class NotUtf8 extends Error {
  override name = 'NotUtf8';

  constructor(at: number) {
    super(`is not UTF-8 at byte ${at}`);
  }
}

/** Returns the text of the bytes, without a byte order mark. Throws `NotUtf8`, with the place, instead of replacing what does not fit. */
export function utf8Text(bytes: Uint8Array): string {
  if (isUtf8(bytes)) return new TextDecoder().decode(bytes);
  throw new NotUtf8(firstBad(bytes));
}

/** Returns the place of the first character that is not UTF-8, by halving. */
function firstBad(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isBeginning(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  // The bytes just before may begin a character that does not end.
  while (!isUtf8(bytes.subarray(0, good))) good--;
  return good;
}

/** True for UTF-8 that may end within a character. */
function isBeginning(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
