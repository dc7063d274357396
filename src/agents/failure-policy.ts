import { type Check, checkOptions, checkValue, durationMs, nonEmptyString, numberFrom, that, wholeNumber } from '../options/index.ts';
import { backoff } from '../timing/index.ts';

export type Verdict =
  | { readonly action: 'retry'; readonly delayMs: number }
  | { readonly action: 'deadLetter'; readonly topic: string | undefined }
  | { readonly action: 'skip' }
  | { readonly action: 'stop' };

export interface Failure {
  readonly error: unknown;
  /** How often the event has been tried, this time included. */
  readonly attempt: number;
  /** May trying again help? `false` for values that a schema refuses and for whatever an error declares as final. */
  readonly retryable: boolean;
}

/** What happens to an event whose handler failed. A value, per agent: `onError: retry({ attempts: 5 }).otherwise(deadLetter())`. */
export interface FailurePolicy {
  /** For tables and logs, as `retry 5, then dead letter`. */
  readonly description: string;
  decide(failure: Failure): Verdict;
}

/** Ends the worker with a clear message; the event stays unfinished and comes again at the next start. */
export function stop(): FailurePolicy {
  return { description: 'stop', decide: () => ({ action: 'stop' }) };
}

/** Counts the event as finished, with a line in the log. */
export function skip(): FailurePolicy {
  return { description: 'skip', decide: () => ({ action: 'skip' }) };
}

/**
 * Sends the raw record, with its origin and the error in headers, to a dead-letter topic.
 *
 * @param topic name of an existing topic. @default `<topic>.<app>.dlq`, created with the app's topics
 */
export function deadLetter(topic?: string | { readonly name: string }): FailurePolicy {
  const name = typeof topic === 'object' ? topic?.name : topic;
  const isTopic = topic === undefined || nonEmptyString.fits(name);
  checkValue(
    'deadLetter',
    that('a topic, or the name of one', () => isTopic),
    topic,
  );
  return {
    description: name === undefined ? 'dead letter' : `dead letter to ${name}`,
    decide: () => ({ action: 'deadLetter', topic: name }),
  };
}

export interface RetryOptions {
  /** How often an event is tried in all, the first time included. @default 5 */
  readonly attempts?: number;
  /** Wait before the second try. @default 200 */
  readonly delayMs?: number;
  /** Longest wait. @default 30_000 */
  readonly maxDelayMs?: number;
  /** Each wait is so many times the one before. @default 2 */
  readonly factor?: number;
}

export interface OpenPolicy extends FailurePolicy {
  /** What follows otherwise: when the tries are used up or cannot help; for `when`, for all other errors. */
  otherwise(policy: FailurePolicy): FailurePolicy;
}

/** Tries again after a growing wait (with 20 % jitter), then does something else: `deadLetter()` unless told otherwise. */
export function retry(options: RetryOptions = {}): OpenPolicy {
  checkOptions<RetryOptions>('retry', options, {
    attempts: wholeNumber(1),
    delayMs: durationMs(0),
    maxDelayMs: durationMs(0),
    factor: numberFrom(1),
  });
  const { attempts = 5, delayMs = 200, maxDelayMs = 30_000, factor = 2 } = options;
  const then = (next: FailurePolicy): FailurePolicy => {
    checkValue('retry().otherwise', aPolicy, next);
    return {
      description: `retry ${attempts}, then ${next.description}`,
      decide(failure) {
        if (!failure.retryable || failure.attempt >= attempts) return next.decide(failure);
        return { action: 'retry', delayMs: backoff(failure.attempt, delayMs, maxDelayMs, factor) };
      },
    };
  };
  return { ...then(deadLetter()), otherwise: then };
}

/** A kind of error: its class, its `code`, or whatever a function says. */
export type ErrorKind = (abstract new (...args: never[]) => Error) | string | ((error: unknown) => boolean);

/**
 * A policy for some errors only: `when(RangeError, skip()).otherwise(retry())`. Codes are those of `StreamerError` and of
 * Node, as `VALIDATION` or `ENOENT`.
 */
export function when(kind: ErrorKind, policy: FailurePolicy): OpenPolicy {
  checkValue('when', aKind, kind);
  checkValue('when', aPolicy, policy);
  const isMeant = matcher(kind);
  const then = (other: FailurePolicy): FailurePolicy => {
    checkValue('when().otherwise', aPolicy, other);
    return {
      description: `${nameOf(kind)}: ${policy.description}; else ${other.description}`,
      decide: (failure) => (isMeant(failure.error) ? policy : other).decide(failure),
    };
  };
  return { ...then(defaultPolicy), otherwise: then };
}

/** Anything that decides. */
export const aPolicy: Check = that(
  'a failure policy, as retry({ attempts: 5 })',
  (value) => typeof value === 'object' && value !== null && 'decide' in value && typeof value.decide === 'function',
);
const aKind: Check = that('a class of errors, a code, or a function', (kind) => typeof kind === 'string' || typeof kind === 'function');

function matcher(kind: ErrorKind): (error: unknown) => boolean {
  if (typeof kind === 'string') return (error) => (error as { code?: unknown } | undefined)?.code === kind;
  if (isErrorClass(kind)) return (error) => error instanceof kind;
  return kind as (error: unknown) => boolean;
}

function isErrorClass(kind: ErrorKind): kind is abstract new (...args: never[]) => Error {
  return typeof kind === 'function' && (kind === Error || kind.prototype instanceof Error);
}

function nameOf(kind: ErrorKind): string {
  return typeof kind === 'string' ? kind : kind.name || 'some errors';
}

export const defaultPolicy: FailurePolicy = retry();
