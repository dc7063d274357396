import { isStreamerError, messageOf, propertyOf, StreamerError } from './errors.ts';

/** Codes of Node.js, undici and axios for a server that cannot be reached, or does not answer. */
const CODES = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ERR_NETWORK',
  'ETIMEDOUT',
  'UNAVAILABLE',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_SOCKET',
]);

const TOO_MANY = 429;
const STATUSES = new Set([TOO_MANY, 502, 503, 504]);

/** Where HTTP clients keep the status of the answer: plain errors, got, axios and ky, the AWS SDK. */
const STATUS_PLACES = [['status'], ['statusCode'], ['response', 'status'], ['response', 'statusCode'], ['$metadata', 'httpStatusCode']];

/** https://grpc.io/docs/guides/status-codes: DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNAVAILABLE. */
const EXHAUSTED = 8;
const GRPC_CODES = new Set([4, EXHAUSTED, 14]);

const DEEPEST = 5;

/**
 * Returns true if the error, or one of its causes, says that something outside cannot be reached. Such an error is waited out: see
 * `docs/failures.md`, which has this list.
 *
 * - a code of Node.js, undici or axios, as `ECONNREFUSED`, `ETIMEDOUT`, `ERR_NETWORK`
 * - the HTTP status 429, 502, 503 or 504 in `status`, `statusCode`, `response.status` (axios, ky), `response.statusCode` (got) or
 *   `$metadata.httpStatusCode` (AWS SDK)
 * - the gRPC code 4, 8 or 14, of an error with `details` and `metadata` (grpc-js) or the name `ConnectError`
 * - a `StreamerError` with the code `UNAVAILABLE`, as `unavailable(error)` makes one, or a `KafkaError` that may pass
 * - an `AggregateError` of such errors alone
 */
export function isUnavailable(error: unknown, depth = 0): boolean {
  if (depth > DEEPEST || typeof error !== 'object' || error === null) return false;
  if (isStreamerError(error)) return isSure(error);
  const code = propertyOf(error, 'code');
  if (typeof code === 'string' && CODES.has(code)) return true;
  if (STATUSES.has(statusOf(error) ?? 0) || GRPC_CODES.has(grpcCodeOf(error) ?? -1)) return true;
  const errors = propertyOf(error, 'errors');
  if (Array.isArray(errors) && errors.length > 0) return errors.every((one) => isUnavailable(one, depth + 1));
  return isUnavailable(propertyOf(error, 'cause'), depth + 1);
}

/** Returns true if the error is a statement of this library, or of `unavailable(error)`, and not a guess from an error of another one. */
export function isSure(error: unknown): boolean {
  if (!isStreamerError(error)) return false;
  return error.code === 'KAFKA' ? propertyOf(error, 'reason') === 'retry' : error.code === 'UNAVAILABLE';
}

/** Returns true if the other side asks for fewer requests: that others succeed meanwhile says nothing about this one. */
export function isRateLimit(error: unknown, depth = 0): boolean {
  if (depth > DEEPEST || typeof error !== 'object' || error === null) return false;
  if (statusOf(error) === TOO_MANY || grpcCodeOf(error) === EXHAUSTED) return true;
  return isRateLimit(propertyOf(error, 'cause'), depth + 1);
}

/**
 * Returns an error that says on purpose that something outside cannot be reached: the event waits for it, without limit unless the
 * agent's policy has one (`waitFor`), and no attempt counts.
 *
 * @param options `retryAfterMs`: the next attempt comes no sooner, up to a minute
 */
export function unavailable(cause: unknown, options: { readonly retryAfterMs?: number | undefined } = {}): StreamerError {
  const error = new StreamerError('UNAVAILABLE', messageOf(cause), { cause, retryable: true });
  return options.retryAfterMs === undefined ? error : Object.assign(error, { retryAfterMs: options.retryAfterMs });
}

/** Returns the wait that the other side asks for (`retryAfterMs`, or HTTP's `Retry-After` in seconds), at most a minute; 0 for none. */
export function retryAfterOf(error: unknown): number {
  const ms = propertyOf(error, 'retryAfterMs') ?? Number(headerOf(propertyOf(error, 'response'), 'retry-after') ?? Number.NaN) * 1_000;
  return typeof ms === 'number' && ms > 0 ? Math.min(ms, 60_000) : 0;
}

/** Headers are an object (axios, got), or have `get` (fetch, ky). */
function headerOf(response: unknown, name: string): unknown {
  const headers = propertyOf(response, 'headers');
  return headers instanceof Headers ? headers.get(name) : propertyOf(headers, name);
}

function statusOf(error: object): number | undefined {
  for (const path of STATUS_PLACES) {
    const status = path.reduce<unknown>(propertyOf, error);
    if (status !== undefined && status !== null && status !== '') return Number(status);
  }
  return undefined;
}

function grpcCodeOf(error: object): number | undefined {
  const code = propertyOf(error, 'code');
  const isGrpc =
    propertyOf(error, 'name') === 'ConnectError' ||
    (typeof propertyOf(error, 'details') === 'string' && propertyOf(error, 'metadata') !== undefined);
  return isGrpc && typeof code === 'number' ? code : undefined;
}
