import { decodeChangelogValue, encodeChangelogValue } from './envelope.ts';

/**
 * Key of the reserved record of a changelog partition. Each cut that writes the partition writes it too, with its number in
 * decimal as the value, in the envelope of every other record. Tables refuse the key.
 */
export const CUT_KEY: Buffer = Buffer.from('\0streamer.cut', 'utf8');

export function isCutKey(key: Buffer): boolean {
  return key.length === CUT_KEY.length && key[0] === 0 && key.equals(CUT_KEY);
}

export function encodeCutNumber(number: number): Buffer {
  return encodeChangelogValue({ timestamp: Date.now(), value: Buffer.from(String(number), 'utf8') });
}

/** @throws RangeError for a value that is not a cut's number */
export function decodeCutNumber(bytes: Buffer): number {
  const text = decodeChangelogValue(bytes).value.toString('utf8');
  const number = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(number)) throw new RangeError('a cut record of the changelog has no number');
  return number;
}
