import { isStreamerError, KafkaError, type StreamerError } from '../errors.ts';
import { backoff } from './backoff.ts';
import { type Clock, systemClock } from './clock.ts';

interface Pause {
  readonly over: Promise<void>;
  /** Ends it now. Takes its timer and listener away: a signal may live as long as the process. */
  end(): void;
}

function pause(ms: number, signal: AbortSignal | undefined, clock: Clock): Pause {
  const { promise: over, resolve } = deferred<void>();
  const end = () => {
    timer.cancel();
    signal?.removeEventListener('abort', end);
    resolve();
  };
  const timer = clock.after(Math.max(0, ms), end);
  if (signal?.aborted) end();
  else signal?.addEventListener('abort', end, { once: true });
  return { over, end };
}

/** Resolves after the time, or as soon as the signal aborts; never rejects. */
export function sleep(ms: number, signal?: AbortSignal, clock: Clock = systemClock): Promise<void> {
  return pause(ms, signal, clock).over;
}

/** Resolves with the work, or with `undefined` after the time or the signal: the work goes on unobserved then. Rejects as the work does. */
export async function within<T>(work: Promise<T>, ms: number, signal?: AbortSignal): Promise<T | undefined> {
  const limit = pause(ms, signal, systemClock);
  work.catch(() => {});
  try {
    return await Promise.race([work, limit.over.then(() => undefined)]);
  } finally {
    limit.end();
  }
}

/** Resolves as the work does, or rejects with a retryable `KafkaError` after the time: the work goes on unobserved then. */
export async function limited<T>(work: Promise<T>, ms: number, doing: string): Promise<T> {
  const limit = pause(ms, undefined, systemClock);
  work.catch(() => {});
  const late = async () => {
    await limit.over;
    throw new KafkaError('retry', `${doing}: no answer within ${ms} ms`);
  };
  try {
    return await Promise.race([work, late()]);
  } finally {
    limit.end();
  }
}

/** Repeats the work, with back-off, until it succeeds, fails with an error that is not retryable, or the signal aborts. */
export async function persist<T>(work: () => Promise<T>, signal: AbortSignal, onFailure: (error: StreamerError) => void): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isStreamerError(error) || !error.retryable || signal.aborted) throw error;
      onFailure(error);
      await sleep(backoff(attempt, 250, 5_000), signal);
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
