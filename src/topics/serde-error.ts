import { type ErrorOptions, type ErrorPlace, StreamerError } from '../errors.ts';
import type { SerdeContext } from './serde.ts';

/** Bytes or a value do not fit a serde: `code` is `DECODE` for bytes, `VALIDATION` for a value that a schema refuses. */
export class SerdeError extends StreamerError {
  override name = 'SerdeError';
  /** Path of the field, as `address.street[0]`; empty for the whole value. */
  readonly path: string;

  constructor(code: 'DECODE' | 'VALIDATION', message: string, options: ErrorOptions & { path?: string } = {}) {
    super(code, message, options);
    this.path = options.path ?? '';
  }

  /** Puts the record's place into it, which a serde does not know. */
  at(place: ErrorPlace): this {
    Object.assign(this, { place: { ...this.place, ...place } });
    return this;
  }
}

/** A value that is not of the type that a serde writes. */
export function wrongType(expected: string, got: unknown, { topic, part }: SerdeContext): SerdeError {
  return new SerdeError('VALIDATION', `${part}: expected ${expected}, got ${preview(got)}`, { topic });
}

/** Characters of a picture. */
const LENGTH = 80;

/** Short, safe picture of a wrong value for an error message. */
export function preview(value: unknown): string {
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : Buffer.isBuffer(value)
        ? `0x${value.subarray(0, 24).toString('hex')}`
        : inspect(value);
  return text.length > LENGTH ? `${text.slice(0, LENGTH - 3)}...` : text;
}

function inspect(value: unknown): string {
  try {
    return sketch(value, LENGTH);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** As JSON, of which no more is made than is shown: values that are wrong may be large, and come by the thousand. */
function sketch(value: unknown, room: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, room + 1));
  if (typeof value === 'bigint') return `${value}n`;
  if (value === null || typeof value !== 'object') return String(value);
  if ('toJSON' in value) return JSON.stringify(value);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  let text = String(open);
  for (const name of Object.keys(value)) {
    if (text.length > room) return text;
    const part = (value as Record<string, unknown>)[name];
    if (part === undefined && !Array.isArray(value)) continue;
    if (text.length > 1) text += ',';
    text += `${Array.isArray(value) ? '' : `${JSON.stringify(name)}:`}${sketch(part, room - text.length)}`;
  }
  return text + close;
}
