import { ModelError } from './model-error.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

const DETAIL_LENGTH = 500;
const WAIT = new Set([408, 425, 429, 502, 503, 504]);
const MISCONFIGURED = new Set([401, 403, 404, 405, 407]);

/**
 * What a status other than 2xx means.
 *
 * - 408, 425, 429, 502, 503, 504: the server cannot now; `UNAVAILABLE`.
 * - 3xx, 401, 403, 404, 405, 407: the address or the credentials are wrong, whatever the row. `UNAVAILABLE` too: events wait,
 *   visibly, until somebody puts it right, rather than going to the dead letters one by one.
 * - other 4xx (400, 413, 415, 422): these rows are refused; `REFUSED`.
 * - other 5xx: many servers answer 500 for a bad row, so `REFUSED`, but retryable.
 */
export function errorOfStatus(url: string, { status, headers, text }: HttpAnswer): ModelError {
  const detail = detailOf(text);
  const said = `the model at ${url} answered ${status}${detail && `: ${detail}`}`;
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
  if (WAIT.has(status)) return new ModelError('UNAVAILABLE', said, { status, retryAfterMs: retryAfter(headers['retry-after']) });
  return new ModelError('REFUSED', said, { status, retryable: status >= 500 });
}

/** The words of a JSON error body as servers write them (`detail`, `error`, `message`), else the text; cut to a sane length. */
export function detailOf(text: string): string {
  let said = text.trim();
  try {
    const body: unknown = JSON.parse(said);
    if (typeof body === 'object' && body !== null) {
      const { detail, error, message } = body as Record<string, unknown>;
      const words = detail ?? error ?? message ?? body;
      said = typeof words === 'string' ? words : JSON.stringify(words);
    }
  } catch {
    // Plain text or HTML: taken as it is.
  }
  const line = said.replace(/\s+/g, ' ');
  return line.length > DETAIL_LENGTH ? `${line.slice(0, DETAIL_LENGTH)}... (${text.length} characters)` : line;
}

/** `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3), in milliseconds from now. */
export function retryAfter(header: string | string[] | undefined, now = Date.now()): number | undefined {
  const value = Array.isArray(header) ? header[0] : header;
  if (value === undefined || value.trim() === '') return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, Math.round(ms));
}
