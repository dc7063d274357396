import { checkOptions, checkValue, durationMs } from '../../options/index.ts';
import { backoff } from '../../timing/index.ts';
import { aPolicy, type Failure, type FailurePolicy, type OpenPolicy, type Verdict } from './policy.ts';
import { defaultPolicy } from './retry.ts';

export interface WaitForOptions {
  /** Longest time that one event waits. @default no limit */
  readonly maxMs?: number | undefined;
}

/** Wait after the first failure. Doubles with each one, up to the longest. */
const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** Returns the wait before the next attempt at something that cannot be reached, in milliseconds. */
export function outageDelay(waits: number): number {
  return backoff(waits + 1, FIRST_MS, LONGEST_MS);
}

/**
 * Waits while something outside cannot be reached, up to a limit, and then does something else: `retry()` unless `otherwise` adds another
 * policy. No attempt counts meanwhile, and the event keeps its place: later events of its key wait behind it.
 *
 *     onError: waitFor({ maxMs: 60_000 }).otherwise(deadLetter())
 *     onError: when('E_UPSTREAM', waitFor()).otherwise(retry())     // an error that is not on the list of outages
 */
export function waitFor(options: WaitForOptions = {}): OpenPolicy {
  checkOptions<WaitForOptions>('waitFor', options, { maxMs: durationMs(1) });
  const { maxMs = Number.POSITIVE_INFINITY } = options;
  const then = (next: FailurePolicy): FailurePolicy => {
    checkValue('waitFor().otherwise', aPolicy, next);
    const decide = (failure: Failure): Verdict => {
      const leftMs = maxMs - (failure.waitedMs ?? 0);
      if (failure.isOutage !== true || leftMs <= 0) return next.decide(failure);
      return { action: 'wait', delayMs: Math.min(outageDelay(failure.waits ?? 0), leftMs) };
    };
    return {
      description: `wait${options.maxMs === undefined ? '' : ` up to ${options.maxMs} ms`}, then ${next.description}`,
      decide,
      explicit: (failure) => (failure.isOutage === true ? decide(failure) : undefined),
    };
  };
  return { ...then(defaultPolicy), otherwise: then };
}
