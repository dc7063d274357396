import { batchLength, HEADER_BYTES, hasValidCrc, isFormat2, offsetAfter, offsetAt } from '../../wire/record-batch.ts';

/** Length of the whole batches at the front of `bytes` that begin before `endOffset`. */
export function wholeBatches(bytes: Buffer, endOffset: number): number {
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length && isFormat2(bytes, at) && offsetAt(bytes, at) < endOffset) {
    const length = batchLength(bytes, at);
    if (length < HEADER_BYTES || at + length > bytes.length) break;
    at += length;
  }
  return at;
}

/** Offset after the last batch in a buffer of whole batches. */
export function endOffsetOf(bytes: Buffer): number {
  let at = 0;
  for (let length = batchLength(bytes, at); at + length < bytes.length; length = batchLength(bytes, at)) at += length;
  return offsetAfter(bytes, at);
}

/** Is there, at any place in the bytes, a whole batch with a checksum that matches and an offset from `from` on? */
export function holdsBatch(bytes: Buffer, from: number): boolean {
  for (let at = 0; at + HEADER_BYTES <= bytes.length; at++) {
    if (!isFormat2(bytes, at) || offsetAt(bytes, at) < from) continue;
    const length = batchLength(bytes, at);
    if (length < HEADER_BYTES || at + length > bytes.length) continue;
    if (hasValidCrc({ bytes: bytes.subarray(at, at + length) })) return true;
  }
  return false;
}
