import { defaultPolicy, type Failure, type FailurePolicy, outageDelay, type Verdict as PolicyVerdict } from '../../agents/index.ts';
import { isStreamerError, needsOperator } from '../../errors.ts';
import { isRateLimit, isSure, isUnavailable, retryAfterOf } from '../../outage.ts';

/** Everything that a verdict depends on. */
export interface FailedAttempt {
  readonly error: unknown;
  readonly policy: FailurePolicy;
  /** Counts this one. */
  readonly attempt: number;
  /** Number of times that the event has waited for something outside. */
  readonly waits: number;
  /** Milliseconds since the first of these waits began; 0 before. */
  readonly waitedMs: number;
  /** Another event of the agent has succeeded since the last of these waits began: the outage is not everybody's. */
  readonly othersSucceed: boolean;
  /** Number of the agent's events that wait for something outside, this one included. */
  readonly waiting: number;
  /** One of its outputs was refused, which another attempt would not change. */
  readonly isHandled: boolean;
}

/** What is to be done with an event after a failed attempt. */
export type Verdict =
  /** Something outside cannot be reached: another attempt follows, and none is counted. */
  | { readonly action: 'wait'; readonly delayMs: number }
  | { readonly action: 'retry'; readonly delayMs: number }
  | { readonly action: 'skip' }
  | { readonly action: 'deadLetter'; readonly topic: string | undefined }
  /** The worker ends and the event stays unfinished: its policy says so, or only an operator can remove the cause. */
  | { readonly action: 'stop'; readonly by: 'policy' | 'operator' };

/** An event that alone meets an outage for this time, while others of its agent succeed, is judged by the policy. Of several, each for as many times. */
export const ALONE_MS = 30_000;

/**
 * Judges a failure. The agent's policy decides, except where it is not the event's fault: what cannot be reached is waited for, unless the
 * policy names the error itself (`when`, `waitFor`), and a missing right or output topic ends the worker. Decides only: the caller counts,
 * reports and acts.
 */
export function judge(failed: FailedAttempt): Verdict {
  const { error, policy, attempt, waits, waitedMs, isHandled } = failed;
  const isOutage = isUnavailable(error);
  if (!isOutage && needsOperator(error)) return { action: 'stop', by: 'operator' };
  const retryable = !isHandled && !(isStreamerError(error) && !error.retryable);
  const failure = { error, attempt, retryable, isOutage, waits, waitedMs };
  const named = isOutage ? decided(policy, failure, 'explicit') : undefined;
  if (named !== undefined) return withRetryAfter(named, error);
  if (isOutage && !isOwnFault(failed)) return { action: 'wait', delayMs: Math.max(outageDelay(waits), retryAfterOf(error)) };
  return withRetryAfter(decided(policy, failure, 'decide') ?? defaultPolicy.decide(failure), error);
}

/**
 * An upstream that answers others and has refused this event for long has a problem with this event: it must not hold its key for ever.
 * Errors that say for certain what they mean are excepted, and so is a request for fewer requests. Others may succeed because they do not ask
 * the upstream at all: the more events wait, the more likely is an outage, and the longer is the time. Successes count since the
 * last wait began, because in an outage of all none succeeds.
 */
function isOwnFault({ error, waitedMs, othersSucceed, waiting }: FailedAttempt): boolean {
  return othersSucceed && waitedMs >= ALONE_MS * Math.max(1, waiting) && !isSure(error) && !isRateLimit(error);
}

/** A policy that throws, as by a function of `when`, decides nothing. */
function decided(policy: FailurePolicy, failure: Failure, by: 'explicit' | 'decide'): PolicyVerdict | undefined {
  try {
    return policy[by]?.(failure);
  } catch {
    return undefined;
  }
}

function withRetryAfter(verdict: PolicyVerdict, error: unknown): Verdict {
  if (verdict.action === 'stop') return { action: 'stop', by: 'policy' };
  return verdict.action === 'wait' ? { action: 'wait', delayMs: Math.max(verdict.delayMs, retryAfterOf(error)) } : verdict;
}
