import { type ErrorOptions, StreamerError } from '../errors.ts';

export interface ModelErrorOptions extends ErrorOptions {
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** A model could not be asked (`UNAVAILABLE`), said no (`REFUSED`), or answered something unfitting (`ANSWER`). */
export class ModelError extends StreamerError {
  override name = 'ModelError';
  /** HTTP status of the answer, where there was one. */
  readonly status: number | undefined;
  /** How long the server asked us to wait (`Retry-After`), in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(code: 'UNAVAILABLE' | 'REFUSED' | 'ANSWER', message: string, options: ModelErrorOptions = {}) {
    super(code, message, { ...options, retryable: options.retryable ?? code !== 'REFUSED' });
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }
}
