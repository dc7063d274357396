import { decimalParts, ExactNumber, isSameDecimal } from '../../topics/index.ts';
import type { ColumnKind } from './column-kind.ts';

type Check = (text: string, modifier: number, value: unknown) => string | undefined;

/** Why a text does not fit a column of a type whose values Postgres changes silently, where it refuses all else. */
const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['numeric', (text, modifier) => decimalsBeyond(modifier < 0 ? undefined : scaleOf(modifier), text)],
  ['money', (text) => decimalsBeyond(MONEY_SCALE, text)],
  ['float4', (_text, _modifier, value) => (isReal(value) ? undefined : 'real cannot hold all of its digits')],
  [
    'float8',
    (text, _modifier, value) =>
      typeof value === 'number' || isDouble(text) ? undefined : 'double precision cannot hold all of its digits',
  ],
  ['oid', (text) => (text.trimStart().startsWith('-') ? 'it is negative, and an oid is not' : undefined)],
  [
    'date',
    (text) =>
      momentOf(text) ?? (/^\d{4,}-\d\d-\d\d[T ].*[1-9]/.test(text) ? 'it has a time of day, which a date does not keep' : undefined),
  ],
  ['time', timeMisfit],
  ['timetz', timeMisfit],
  [
    'timestamp',
    (text, modifier) =>
      /\d[T ]\d\d:\d\d.*[+-](?!00(:?00)?$)\d\d(:?\d\d)?$/.test(text)
        ? 'it has a time zone, which a timestamp does not keep'
        : (momentOf(text) ?? secondsBeyond(modifier, text)),
  ],
  ['timestamptz', (text, modifier) => momentOf(text) ?? secondsBeyond(modifier, text)],
  ['interval', (text, modifier) => secondsBeyond(intervalDigits(modifier), text)],
  ['varchar', (text, modifier) => longer(modifier < 0 ? undefined : modifier - LENGTH_OFFSET, [...text].length, 'characters')],
  ['bpchar', (text, modifier) => longer(modifier < 0 ? undefined : modifier - LENGTH_OFFSET, [...text].length, 'characters')],
  ['name', (text) => longer(NAME_BYTES, Buffer.byteLength(text), 'bytes')],
  ['char', (text) => longer(1, Buffer.byteLength(text), 'bytes')],
]);

/** The types of columns whose values Postgres changes silently. */
export const CHANGING: ReadonlySet<string> = new Set(CHECKS.keys());

/**
 * Checks what Postgres would change silently on the way into a column: digits beyond a scale or a precision of seconds, digits that a float
 * cannot hold, the time of day in a date, a zone, spaces beyond a length, words that mean the time of the write.
 *
 * @returns why the text does not fit; undefined when it does
 */
export function misfit(column: ColumnKind, value: unknown, text: string): string | undefined {
  return CHECKS.get(column.type)?.(text, column.modifier, value);
}

/** What the modifier of a length counts beside it. */
const LENGTH_OFFSET = 4;
/** `NAMEDATALEN` without the zero at the end. */
const NAME_BYTES = 63;
/** That of most currencies (`lc_monetary`). */
const MONEY_SCALE = 2;

function longer(most: number | undefined, length: number, unit: string): string | undefined {
  return most !== undefined && length > most ? `it has more than the ${most} ${unit} of the column` : undefined;
}

/** Words that Postgres takes for the time at which it reads them: a repeated event would write another value. */
function momentOf(text: string): string | undefined {
  return /^\s*(now|today|tomorrow|yesterday)\b/i.test(text) ? 'it stands for the time at which it is written' : undefined;
}

function timeMisfit(text: string, modifier: number): string | undefined {
  if (/^\d{4,}-\d\d-\d\d/.test(text)) return 'it has a day, which a time does not keep';
  return momentOf(text) ?? secondsBeyond(modifier, text);
}

/** Digits that tell every double from the next: a fraction of no more is one, as other languages write it (`4.9E-324`). */
const DOUBLE_DIGITS = 17;

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
function scaleOf(modifier: number): number {
  return (((modifier - LENGTH_OFFSET) & 0x7ff) ^ 1024) - 1024;
}

function decimalsBeyond(scale: number | undefined, text: string): string | undefined {
  const parts = decimalParts(text);
  if (scale === undefined || parts === undefined || parts.digits === '' || -parts.exponent <= scale) return undefined;
  return `it has more than the ${scale} decimals of the column`;
}

const MOST_DIGITS = 6;

/** `interval(p)` keeps p in the lowest 16 bits of its modifier. */
function intervalDigits(modifier: number): number {
  return modifier < 0 ? -1 : Math.min(modifier & 0xffff, MOST_DIGITS);
}

/** Seconds are behind a colon, or before their unit as in `1.5 seconds` and `PT1.5S`. */
function secondsBeyond(modifier: number, text: string): string | undefined {
  const digits = modifier < 0 ? MOST_DIGITS : modifier;
  const [, behindColon, beforeUnit] = /:\d\d\.(\d+)|\.(\d+)\s*s/i.exec(text) ?? [];
  const fraction = (behindColon ?? beforeUnit ?? '').replace(/0+$/, '');
  return fraction.length > digits ? `it has more than the ${digits} decimals of seconds that the column keeps` : undefined;
}
