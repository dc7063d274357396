import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for the work, but not beyond the time or the signal. */
export async function within(work: Promise<unknown>, timeMs: number, signal: AbortSignal): Promise<void> {
  const ended = new AbortController();
  await Promise.race([work, sleep(timeMs, undefined, { signal: AbortSignal.any([signal, ended.signal]) }).catch(() => {})]);
  ended.abort();
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
