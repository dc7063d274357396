import { isUtf8 } from 'node:buffer';
import { ExactNumber } from './json-text/exact-number.ts';

/** A value as JSON can hold it: bigints and exact numbers as text, bytes as text or `{ base64 }`, numbers that are not finite by name. */
export function plainOf(value: unknown): unknown {
  if (typeof value === 'bigint' || value instanceof ExactNumber || (typeof value === 'number' && !Number.isFinite(value)))
    return String(value);
  if (Buffer.isBuffer(value)) return textOf(value);
  if (Array.isArray(value)) return value.map(plainOf);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plainOf(part)]));
}

/** Text where the bytes are UTF-8, else base64. */
export function textOf(bytes: Buffer): string | { readonly base64: string } {
  return isUtf8(bytes) ? bytes.toString('utf8') : { base64: bytes.toString('base64') };
}

/** The reverse of `textOf`; anything else is left as it is. */
export function bytesOfPlain(plain: unknown): unknown {
  if (typeof plain === 'string') return Buffer.from(plain, 'utf8');
  if (typeof plain !== 'object' || plain === null) return plain;
  const { base64, ...others }: { base64?: unknown } = plain;
  return typeof base64 === 'string' && Object.keys(others).length === 0 ? Buffer.from(base64, 'base64') : plain;
}
