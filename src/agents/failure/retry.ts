import { checkOptions, checkValue, durationMs, numberFrom, wholeNumber } from '../../options/index.ts';
import { backoff } from '../../timing/index.ts';
import { aPolicy, deadLetter, type Failure, type FailurePolicy, type OpenPolicy, type Verdict } from './policy.ts';

export interface RetryOptions {
  /** Number of attempts in all, the first one included. @default 5 */
  readonly attempts?: number;
  /** Wait before the second attempt. @default 200 */
  readonly delayMs?: number;
  /** Longest wait. @default 30_000 */
  readonly maxDelayMs?: number;
  /** Each wait is this many times the one before. @default 2 */
  readonly factor?: number;
}

/** Tries again after a growing wait (with 20 % jitter), then does something else: `deadLetter()` unless `otherwise` adds another policy. */
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
    const decide = (failure: Failure): Verdict => {
      if (!failure.retryable || failure.attempt >= attempts) return next.decide(failure);
      return { action: 'retry', delayMs: backoff(failure.attempt, delayMs, maxDelayMs, factor) };
    };
    return {
      description: `retry ${attempts}, then ${next.description}`,
      decide,
      // A policy behind it that names the error speaks for the whole.
      explicit: (failure) => (next.explicit?.(failure) === undefined ? undefined : decide(failure)),
    };
  };
  return { ...then(deadLetter()), otherwise: then };
}

export const defaultPolicy: FailurePolicy = retry();
