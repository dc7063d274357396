import { setTimeout as sleep } from 'node:timers/promises';
import { backoff } from '../agents/index.ts';
import { isStreamerError, KafkaError, type StreamerError } from '../errors.ts';

/** Waits for the work, but not beyond the time or the signal. */
export async function within(work: Promise<unknown>, timeMs: number, signal: AbortSignal): Promise<void> {
  const ended = new AbortController();
  await Promise.race([work, sleep(timeMs, undefined, { signal: AbortSignal.any([signal, ended.signal]) }).catch(() => {})]);
  ended.abort();
}

/** As the work, but for a rejection (that may be tried again) when it takes too long; the work goes on unobserved then. */
export async function limited<T>(work: Promise<T>, timeMs: number, doing: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new KafkaError('retry', `${doing}: no answer within ${timeMs} ms`)), timeMs);
  });
  work.catch(() => {});
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Tries until the work is done, until it fails with what no time will mend, or until the signal; tells of each failure. */
export async function persist<T>(work: () => Promise<T>, signal: AbortSignal, tell: (error: StreamerError) => void): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isStreamerError(error) || !error.retryable || signal.aborted) throw error;
      tell(error);
      await sleep(backoff(attempt, 250, 5_000), undefined, { signal }).catch(() => {});
      if (signal.aborted) throw error;
    }
  }
}

export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** A promise that is settled from outside. Its rejection is not unhandled when nobody waits. */
export function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}
