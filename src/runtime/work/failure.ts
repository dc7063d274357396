import type { FailurePolicy } from '../../agents/index.ts';
import { isStreamerError, isUnavailable, needsOperator } from '../../errors.ts';
import { backoff } from '../../timing/index.ts';

/** All that a verdict depends on. */
export interface FailedAttempt {
  readonly error: unknown;
  readonly policy: FailurePolicy;
  /** Counts this one. */
  readonly attempt: number;
  /** How often the event has waited for something outside. */
  readonly waits: number;
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

/**
 * Judges a failure: the agent's policy decides, except where it is not the event's fault. What cannot be reached is waited for
 * without end; a missing right or output topic ends the worker. Decides only: the caller counts, reports and acts.
 */
export function judge({ error, policy, attempt, waits, isHandled }: FailedAttempt): Verdict {
  if (isUnavailable(error)) return { action: 'wait', delayMs: Math.max(backoff(waits + 1, 500, 30_000), retryAfterOf(error)) };
  if (needsOperator(error)) return { action: 'stop', by: 'operator' };
  const retryable = !isHandled && !(isStreamerError(error) && !error.retryable);
  const verdict = policy.decide({ error, attempt, retryable });
  return verdict.action === 'stop' ? { action: 'stop', by: 'policy' } : verdict;
}

/** How long the other side asks to be left alone (HTTP's Retry-After), at most a minute. */
function retryAfterOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('retryAfterMs' in error)) return 0;
  return typeof error.retryAfterMs === 'number' ? Math.min(error.retryAfterMs, 60_000) : 0;
}
