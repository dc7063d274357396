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

/** Bytes at the end of a file that a system has made longer, and not filled before the power failed. */
const ZEROS = Buffer.alloc(8);

/**
 * Would a crash leave these bytes behind the last good batch: the beginning of another, or zeros? One of full length with a
 * wrong checksum, or with a wrong length, was changed by somebody else; so was one that whole batches follow.
 *
 * @param from the offset after the last good batch
 */
export function isCutOff(rest: Buffer, from: number): boolean {
  if (rest.length < HEADER_BYTES || rest.subarray(-ZEROS.length).equals(ZEROS)) return !holdsBatch(rest, from);
  return batchLength(rest) > rest.length && !hasValidCrc({ bytes: rest }) && !holdsBatch(rest, from);
}

/** Is there, at any place in the bytes, a whole batch with a checksum that matches and an offset from `from` on? */
function holdsBatch(bytes: Buffer, from: number): boolean {
  for (let at = 0; at + HEADER_BYTES <= bytes.length; at++) {
    if (!isFormat2(bytes, at) || offsetAt(bytes, at) < from) continue;
    const length = batchLength(bytes, at);
    if (length < HEADER_BYTES || at + length > bytes.length) continue;
    if (hasValidCrc({ bytes: bytes.subarray(at, at + length) })) return true;
  }
  return false;
}
