import { decimalParts, ExactNumber, isSameDecimal } from '../../topics/index.ts';
import type { ColumnKind } from './column-kind.ts';

/**
 * Checks what Postgres would change silently on the way into a column, where it refuses all else: digits beyond a scale or a precision of
 * seconds, digits that a float cannot hold, the time of day in a date, a zone.
 *
 * @returns why the text does not fit; undefined when it does
 */
export function misfit(column: ColumnKind, value: unknown, text: string): string | undefined {
  switch (column.type) {
    case 'numeric':
      return decimalsBeyond(column.modifier, text);
    case 'float4':
      return isReal(value) ? undefined : 'real cannot hold all of its digits';
    case 'float8':
      return typeof value === 'number' || isDouble(text) ? undefined : 'double precision cannot hold all of its digits';
    case 'date':
      return /^\d{4,}-\d\d-\d\d[T ].*[1-9]/.test(text) ? 'it has a time of day, which a date does not keep' : undefined;
    case 'time':
    case 'timetz':
      return /^\d{4,}-\d\d-\d\d/.test(text) ? 'it has a day, which a time does not keep' : secondsBeyond(column.modifier, text);
    case 'timestamp':
      return /\d[T ]\d\d:\d\d.*[+-](?!00(:?00)?$)\d\d(:?\d\d)?$/.test(text)
        ? 'it has a time zone, which a timestamp does not keep'
        : secondsBeyond(column.modifier, text);
    case 'timestamptz':
      return secondsBeyond(column.modifier, text);
    default:
      return undefined;
  }
}

/** Digits that tell every double from the next: a fraction of no more is one, as other languages write it (`4.9E-324`). */
const DOUBLE_DIGITS = 17;

/** The types of columns whose values Postgres changes silently. */
export const CHANGING: ReadonlySet<string> = new Set(['numeric', 'float4', 'float8', 'date', 'time', 'timetz', 'timestamp', 'timestamptz']);

/** Texts that are not plain decimals, as `NaN`, are Postgres' to read. */
function isDouble(text: string): boolean {
  const parts = decimalParts(text);
  if (parts === undefined || isSameDecimal(text, String(Number(text)))) return true;
  return parts.exponent < 0 && parts.digits.length <= DOUBLE_DIGITS;
}

/** A number is rounded to the 24 bits of the type, as every fraction is; not so the digits that a `number` cannot hold either. */
function isReal(value: unknown): boolean {
  if (typeof value !== 'bigint') return !(value instanceof ExactNumber);
  const held = Math.fround(Number(value));
  return Number.isFinite(held) && BigInt(held) === value;
}

/** `numeric(precision, scale)` keeps the scale in the lowest 11 bits of its modifier, signed, four beyond. */
function decimalsBeyond(modifier: number, text: string): string | undefined {
  if (modifier < 0) return undefined;
  const scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
  const parts = decimalParts(text);
  if (parts === undefined || parts.digits === '' || -parts.exponent <= scale) return undefined;
  return `it has more than the ${scale} decimals of the column`;
}

const MOST_DIGITS = 6;

function secondsBeyond(modifier: number, text: string): string | undefined {
  const digits = modifier < 0 ? MOST_DIGITS : modifier;
  const fraction = /:\d\d\.(\d+)/.exec(text)?.[1]?.replace(/0+$/, '') ?? '';
  return fraction.length > digits ? `it has more than the ${digits} decimals of seconds that the column keeps` : undefined;
}
