/**
 * Decimals as text (`-12.30`), because a JavaScript number cannot hold them. Avro writes the unscaled value in two's
 * complement, big-endian, in as few bytes as it takes.
 */

const FORM = /^(-?)(\d+)(?:\.(\d+))?$/;

/** The unscaled value of a decimal; undefined when it does not fit precision and scale without rounding. */
export function unscaled(text: unknown, precision: number, scale: number): bigint | undefined {
  const parts = typeof text === 'string' ? FORM.exec(text) : null;
  if (parts === null) return undefined;
  const [, sign = '', whole = '', fraction = ''] = parts;
  const kept = fraction.replace(/0+$/, '');
  if (kept.length > scale) return undefined;
  const digits = (whole + kept.padEnd(scale, '0')).replace(/^0+(?=\d)/, '');
  if (digits.length > precision) return undefined;
  const value = BigInt(digits);
  return sign === '-' ? -value : value;
}

/** With exactly `scale` digits behind the point. */
export function decimalText(value: bigint, scale: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const sign = value < 0n ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** @param size of a fixed, which is filled with the sign; undefined = as few bytes as it takes. @returns undefined when too small */
export function decimalBytes(value: bigint, size?: number): Buffer | undefined {
  let length = 1;
  while (BigInt.asIntN(length * 8, value) !== value) length++;
  if (size !== undefined && length > size) return undefined;
  const bytes = Buffer.alloc(size ?? length, value < 0n ? 0xff : 0);
  let rest = value;
  for (let at = bytes.length - 1; at >= bytes.length - length; at--) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** No bytes at all are zero, as Java's readers have it. */
export function decimalValue(bytes: Buffer): bigint {
  return bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
}
