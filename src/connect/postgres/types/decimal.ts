import { field, logical, schemaOf } from '../../connect-data/schema.ts';
import { type FieldType, PLACEHOLDER, type TypeOptions } from './field-type.ts';

/** A number as digits and scale: `unscaled / 10^scale`. */
export interface Decimal {
  readonly unscaled: bigint;
  readonly scale: number;
}

/** Parses plain and scientific notation. */
export function parseDecimal(text: string): Decimal {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text.trim());
  if (match === null || `${match[2]}${match[3] ?? ''}` === '') throw new RangeError(`"${text}" is not a decimal number`);
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const unscaled = BigInt(whole + fraction);
  return { unscaled: sign === '-' ? -unscaled : unscaled, scale: fraction.length - Number(exponent) };
}

/** Returns the same number at another scale; digits that do not fit are rounded half up (away from zero). */
function rescale({ unscaled, scale }: Decimal, to: number): Decimal {
  if (to >= scale) return { unscaled: unscaled * 10n ** BigInt(to - scale), scale: to };
  const divisor = 10n ** BigInt(scale - to);
  const half = unscaled < 0n ? -divisor / 2n : divisor / 2n;
  return { unscaled: (unscaled + half) / divisor, scale: to };
}

/** Big-endian two's complement in as few bytes as hold it, as Java's `BigInteger.toByteArray`. */
function twosComplement(value: bigint): Buffer {
  let length = 1;
  while (BigInt.asIntN(length * 8, value) !== value) length++;
  const hex = BigInt.asUintN(length * 8, value).toString(16);
  return Buffer.from(hex.padStart(length * 2, '0'), 'hex');
}

export function plainDecimal({ unscaled, scale }: Decimal): string {
  if (scale <= 0) return String(unscaled * 10n ** BigInt(-scale));
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** Returns the number without trailing zeros, but never with a negative scale. */
function stripped({ unscaled, scale }: Decimal): Decimal {
  let [digits, left] = [unscaled, scale];
  while (left > 0 && digits % 10n === 0n) {
    digits /= 10n;
    left--;
  }
  return left < 0 ? rescale({ unscaled: digits, scale: left }, 0) : { unscaled: digits, scale: left };
}

/** The values of a numeric that are not numbers, and Debezium's text for them. */
const SPECIAL = new Map([
  ['NaN', 'NAN'],
  ['Infinity', 'POSITIVE_INFINITY'],
  ['-Infinity', 'NEGATIVE_INFINITY'],
]);

export function isSpecial(text: string): boolean {
  return SPECIAL.has(text);
}

/** numeric(precision, scale), or without both where `modifier` is -1. */
export function numeric(modifier: number, mode: TypeOptions['decimals']): FieldType {
  if (mode === 'double') return { schema: schemaOf('double'), convert: Number, zero: 0, unchanged: null };
  if (modifier < 4) return mode === 'string' ? textual() : variable();
  const precision = ((modifier - 4) >> 16) & 0xffff;
  // A negative scale (PostgreSQL 15) is in the lower eleven bits, unsigned: 2046 for -2. Debezium writes it so; values stay right.
  const scale = (modifier - 4) & 0xffff;
  if (mode === 'string') return textual(scale);
  return precise(scale, { scale: String(scale), 'connect.decimal.precision': String(precision) });
}

export function precise(scale: number, parameters: Readonly<Record<string, string>>): FieldType {
  const bytes = (decimal: Decimal) => twosComplement(rescale(decimal, scale).unscaled);
  return {
    schema: logical('bytes', 'org.apache.kafka.connect.data.Decimal', { parameters }),
    convert: (value) => (SPECIAL.has(value) ? null : bytes(parseDecimal(value))),
    zero: bytes({ unscaled: 0n, scale: 0 }),
    unchanged: null,
  };
}

function textual(scale?: number): FieldType {
  const written = (value: string) => {
    const decimal = parseDecimal(value);
    return plainDecimal(scale === undefined ? decimal : rescale(decimal, scale));
  };
  return {
    schema: schemaOf('string'),
    convert: (value) => SPECIAL.get(value) ?? written(value),
    zero: written('0'),
    unchanged: PLACEHOLDER,
  };
}

function variable(): FieldType {
  const struct = (decimal: Decimal) => {
    const { unscaled, scale } = stripped(decimal);
    return [scale, twosComplement(unscaled)];
  };
  const zero = struct({ unscaled: 0n, scale: 0 });
  return {
    schema: logical('struct', 'io.debezium.data.VariableScaleDecimal', {
      doc: 'Variable scaled decimal',
      fields: [field('scale', schemaOf('int32')), field('value', schemaOf('bytes'))],
    }),
    convert: (value) => (SPECIAL.has(value) ? null : struct(parseDecimal(value))),
    zero,
    unchanged: null,
  };
}
