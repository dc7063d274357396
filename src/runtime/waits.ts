import { setTimeout as sleep } from 'node:timers/promises';
import { KafkaError } from '../errors.ts';

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
