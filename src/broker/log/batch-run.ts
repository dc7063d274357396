import { batchLength, HEADER_BYTES, isFormat2, offsetAfter, offsetAt } from '../../wire/record-batch.ts';

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
