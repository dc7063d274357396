import { ExactNumber } from '../../topics/index.ts';

/** Text that Postgres reads, of a value that is not null. Throws what is wrong with one that does not fit. */
export type Writer = (value: unknown) => string;

export const scalarText: Writer = (value) => {
  if (typeof value === 'string') return checkedText(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'bigint' || typeof value === 'boolean' || value instanceof ExactNumber) return String(value);
  throw new TypeError('expected text, a number or a boolean');
};

function checkedText(text: string): string {
  if (text.includes('\u0000')) throw new RangeError('Postgres keeps no text with a zero character');
  if (!text.isWellFormed()) throw new RangeError('it has half of a surrogate pair, which UTF-8 cannot hold');
  return text;
}

export function wholeOf(value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (Number.isInteger(value)) return BigInt(Number(value));
  throw new TypeError('expected a whole number');
}

export function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('expected text');
  return checkedText(value);
}
