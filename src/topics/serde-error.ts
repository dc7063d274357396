import { type ErrorOptions, StreamerError } from '../errors.ts';

/** Bytes or a value do not fit a serde: `code` is `DECODE` for bytes, `VALIDATION` for a value that a schema refuses. */
export class SerdeError extends StreamerError {
  override name = 'SerdeError';
  /** Path of the field, as `address.street[0]`; empty for the whole value. */
  readonly path: string;

  constructor(code: 'DECODE' | 'VALIDATION', message: string, options: ErrorOptions & { path?: string } = {}) {
    super(code, message, options);
    this.path = options.path ?? '';
  }
}

/** Short, safe picture of a wrong value for an error message. */
export function preview(value: unknown): string {
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : Buffer.isBuffer(value)
        ? `0x${value.subarray(0, 24).toString('hex')}`
        : inspect(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function inspect(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
