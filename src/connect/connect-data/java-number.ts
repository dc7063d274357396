/**
 * Floating point numbers as `Double.toString` and `Float.toString` of JDK 19 and later write them: `1.0`, `1.0E22`. These are the
 * shortest digits that read back as the same number, at least two of them where a second digit comes closer. NaN and the
 * infinities are JSON strings, as Jackson writes them.
 */

export function javaDouble(value: number): string {
  return written(value, (digits) => digits.toExponential(1));
}

/** `value` is the float's shortest decimal form, as PostgreSQL prints it. */
export function javaFloat(value: number): string {
  return written(value, (digits) => Math.fround(digits).toExponential(1));
}

function written(value: number, twoDigits: (value: number) => string): string {
  if (Number.isNaN(value)) return '"NaN"';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  if (!Number.isFinite(value)) return value < 0 ? '"-Infinity"' : '"Infinity"';
  const magnitude = Math.abs(value);
  const sign = value < 0 ? '-' : '';
  let { digits, exponent } = scientific(magnitude.toExponential());
  if (digits.length === 1) ({ digits, exponent } = scientific(twoDigits(magnitude).replace('.0e', 'e')));
  return sign + (exponent >= -3 && exponent < 7 ? plain(digits, exponent) : `${digits[0]}.${digits.slice(1) || '0'}E${exponent}`);
}

function scientific(text: string): { digits: string; exponent: number } {
  const [mantissa = '', exponent = '0'] = text.split('e');
  return { digits: mantissa.replace('.', ''), exponent: Number(exponent) };
}

function plain(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${whole}.${digits.slice(exponent + 1) || '0'}`;
}
