/** A wait that is over after `ms` or as soon as the signal aborts; never rejects. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** Resolves with the work, or with `undefined` after `ms`; the work goes on unobserved then. Rejects as the work does. */
export async function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(0, ms));
  });
  work.catch(() => {});
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Capped exponential back-off with jitter of a fifth. @param attempt from 0 */
export function backoff(attempt: number, firstMs: number, capMs: number): number {
  const ms = Math.min(capMs, firstMs * 2 ** Math.min(attempt, 20));
  return ms * (0.9 + Math.random() * 0.2);
}

export interface Signal {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

export function createSignal(): Signal {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
