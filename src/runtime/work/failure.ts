import { isStreamerError, isUnavailable, needsOperator } from '../../errors.ts';
import { backoff } from '../../timing/index.ts';
import type { AgentRuntime } from './agent-runtime.ts';
import type { WorkItem } from './work-item.ts';

/** What is to be done with an event after a failed try. */
export type Verdict =
  | { readonly action: 'again'; readonly delayMs: number }
  | { readonly action: 'close' }
  | { readonly action: 'deadLetter'; readonly topic: string | undefined }
  /** The worker stops; the event stays as it is. */
  | { readonly action: 'none' };

/** How long the other side asks to be left alone (HTTP's Retry-After), at most a minute. */
function retryAfterOf(error: unknown): number {
  const { retryAfterMs } = error as { readonly retryAfterMs?: unknown };
  return typeof retryAfterMs === 'number' ? Math.min(retryAfterMs, 60_000) : 0;
}

/**
 * By the agent's failure policy, but for what is nothing about the event: something outside that cannot be reached is waited
 * for without end, and a right that is missing stops the worker.
 *
 * @param isHandled one of its outputs was refused, which another try would not change
 */
export function judgeFailure(runtime: AgentRuntime, item: WorkItem, error: unknown, isHandled: boolean): Verdict {
  if (isUnavailable(error)) {
    runtime.waits(error);
    return { action: 'again', delayMs: Math.max(backoff(++item.waits, 500, 30_000), retryAfterOf(error)) };
  }
  if (needsOperator(error)) {
    runtime.forbidden(item, error);
    return { action: 'none' };
  }
  const retryable = !isHandled && !(isStreamerError(error) && !error.retryable);
  const verdict = runtime.agent.onError.decide({ error, attempt: item.attempt, retryable });
  switch (verdict.action) {
    case 'retry':
      runtime.retries(item, error, verdict.delayMs);
      item.attempt++;
      return { action: 'again', delayMs: verdict.delayMs };
    case 'skip':
      runtime.skips(item, error);
      return { action: 'close' };
    case 'stop':
      runtime.stops(item, error);
      return { action: 'none' };
    case 'deadLetter':
      return { action: 'deadLetter', topic: verdict.topic };
  }
}
