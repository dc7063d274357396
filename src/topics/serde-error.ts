import { type ErrorOptions, type ErrorPlace, StreamerError } from '../errors.ts';
import { preview } from '../options/index.ts';
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

export function wrongTime(got: unknown, topic: string): SerdeError {
  return new SerdeError('VALIDATION', `timestamp: expected whole milliseconds since 1970, got ${preview(got)}`, {
    topic,
    path: 'timestamp',
  });
}
