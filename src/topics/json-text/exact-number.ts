/** A number as JSON writes it (RFC 8259, section 6). */
const FORM = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * A JSON number that a JavaScript `number` cannot hold, kept as its text: `12345678901234567.89`, `1e400`. `exactJson()`
 * reads and writes it. Use `String(number)` for its digits; arithmetic sees the nearest `number`.
 */
export class ExactNumber {
  readonly text: string;

  /** @throws RangeError when the text is not a JSON number */
  constructor(text: string) {
    if (!FORM.test(text)) throw new RangeError(`expected a number as JSON writes it, got ${JSON.stringify(text)}`);
    this.text = text;
  }

  toString(): string {
    return this.text;
  }

  /** For `JSON.stringify`, which has no other way to keep the digits. */
  toJSON(): string {
    return this.text;
  }

  valueOf(): number {
    return Number(this.text);
  }
}

/**
 * The value of a JSON number: a `number` where it is exact, a `bigint` for other whole numbers, else an `ExactNumber`.
 * `0.1` is exact: the shortest text of the nearest `number` has the same digits.
 *
 * @returns undefined when the text is not a JSON number
 */
export function exactValue(text: string): number | bigint | ExactNumber | undefined {
  if (!FORM.test(text)) return undefined;
  const value = Number(text);
  if (/^-?\d+$/.test(text)) return Number.isSafeInteger(value) ? value : BigInt(text);
  return isSameDecimal(text, String(value)) ? value : new ExactNumber(text);
}

/** Compares two decimals by value: `1.50` is `15e-1`. */
export function isSameDecimal(left: string, right: string): boolean {
  const one = decimalParts(left);
  const other = decimalParts(right);
  if (one === undefined || other === undefined) return false;
  if (one.digits === '' || other.digits === '') return one.digits === other.digits;
  return one.isNegative === other.isNegative && one.digits === other.digits && one.exponent === other.exponent;
}

interface DecimalParts {
  readonly isNegative: boolean;
  /** Without zeros at either end; empty for zero. */
  readonly digits: string;
  /** Of the last digit. */
  readonly exponent: number;
}

export function decimalParts(text: string): DecimalParts | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  if (whole === '' && fraction === '') return undefined;
  const significant = (whole + fraction).replace(/^0+/, '');
  const digits = significant.replace(/0+$/, '');
  return { isNegative: sign === '-', digits, exponent: Number(exponent) - fraction.length + significant.length - digits.length };
}
