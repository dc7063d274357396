import { ModelError } from '../model-error.ts';
import { detailOf, rowsNamed } from './detail.ts';
import type { HttpAnswer } from './protocol.ts';

const WAIT = new Set([408, 425, 429, 502, 503, 504]);
const MISCONFIGURED = new Set([401, 403, 404, 405, 407]);

/**
 * Returns the error for a status other than 2xx.
 *
 * - 408, 425, 429, 502, 503, 504: the server cannot answer now; `UNAVAILABLE`.
 * - 3xx, 401, 403, 404, 405, 407: the address or the credentials are wrong for every row. `UNAVAILABLE` too: events wait,
 *   visibly, until the setting is corrected, instead of going to the dead letters one by one.
 * - other 4xx (400, 413, 415, 422): these rows are refused; `REFUSED`.
 * - other 5xx: many servers answer 500 for a bad row, so `REFUSED`, but retryable.
 *
 * @param namesRows true when positions in a validation error are those of rows
 */
export function errorOfStatus(url: string, { status, headers, text }: HttpAnswer, namesRows = false): ModelError {
  const detail = detailOf(text);
  const said = `the model at ${url} answered ${status}${detail && `: ${detail}`}`;
  const retryAfterMs = retryAfter(headers['retry-after']);
  if (status >= 300 && status < 400) {
    const target = headers.location === undefined ? '' : ` to ${String(headers.location).slice(0, 200)}`;
    const next = 'Redirects are not followed: put the final address into the setting.';
    return new ModelError('UNAVAILABLE', `the model at ${url} answered ${status}, a redirect${target}`, { status, next });
  }
  if (MISCONFIGURED.has(status)) {
    return new ModelError('UNAVAILABLE', said, {
      status,
      next: 'Check the address and the headers of the model: no row can be answered there.',
    });
  }
  if (WAIT.has(status)) return new ModelError('UNAVAILABLE', said, { status, retryAfterMs });
  return new ModelError('REFUSED', said, {
    status,
    retryable: status >= 500,
    retryAfterMs,
    rows: namesRows ? rowsNamed(text) : undefined,
  });
}

/** Returns a `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3) in milliseconds from now. */
export function retryAfter(header: string | string[] | undefined, now = Date.now()): number | undefined {
  const value = Array.isArray(header) ? header[0] : header;
  if (value === undefined || value.trim() === '') return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, Math.round(ms));
}
