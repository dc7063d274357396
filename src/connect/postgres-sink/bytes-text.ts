/** Base64 of a big-endian two's-complement whole number, `scale` of whose digits follow the point: `AJY=` with scale 2 is `1.50`. */
export function decimalText(base64: string, scale: number): string {
  const bytes = bytesOf(base64);
  if (bytes.length === 0) throw new RangeError('a decimal without digits');
  if (!Number.isInteger(scale)) throw new RangeError('its schema does not have a scale');
  const unscaled = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
  const sign = unscaled < 0n ? '-' : '';
  const digits = String(unscaled < 0n ? -unscaled : unscaled);
  if (scale <= 0) return `${sign}${digits}${'0'.repeat(unscaled === 0n ? 0 : -scale)}`;
  const padded = digits.padStart(scale + 1, '0');
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

/** Base64 of a bit string's bytes, the last bits first, as Debezium writes it: `Fg==` of length 5 is `10110`. */
export function bitsText(base64: string, length: number): string {
  const bits = [...bytesOf(base64)].map((byte) => byte.toString(2).padStart(8, '0')).reverse();
  const text = bits.join('');
  return length > 1_000_000 ? text.replace(/^0+(?=.)/, '') : text.padStart(length, '0').slice(-length);
}

/** Base64, plain or for URLs, in the hex form of `bytea`. */
export function byteaText(base64: string): string {
  return `\\x${bytesOf(base64).toString('hex')}`;
}

function bytesOf(base64: string): Buffer {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(base64)) throw new RangeError('not base64');
  return Buffer.from(base64, 'base64');
}

/** An array as Postgres reads it; elements are texts, nulls, or arrays of these. */
export function arrayText(elements: readonly unknown[]): string {
  const written = elements.map((element) => {
    if (element === null) return 'NULL';
    return Array.isArray(element) ? arrayText(element) : `"${String(element).replace(/["\\]/g, '\\$&')}"`;
  });
  return `{${written.join(',')}}`;
}
