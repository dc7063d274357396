export interface Deadline {
  readonly signal: AbortSignal;
  /** Aborts it now. */
  abort(reason: unknown): void;
  /** Takes the timer and the listener away. To be called in every case. */
  end(): void;
}

/**
 * A signal that is aborted when `parent` is, with its reason, or after `ms` (0 = never) with the reason given.
 * Not `AbortSignal.any`: on Node 20 its signals stay referenced by a parent that lives as long as the partition.
 */
export function deadline(parent: AbortSignal | undefined, ms: number, reason: () => Error): Deadline {
  const controller = new AbortController();
  const follow = () => controller.abort(parent?.reason);
  const timer = ms > 0 ? setTimeout(() => controller.abort(reason()), ms) : undefined;
  if (parent?.aborted) follow();
  else parent?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    abort: (why) => controller.abort(why),
    end() {
      clearTimeout(timer);
      parent?.removeEventListener('abort', follow);
    },
  };
}

/** Resolves as the work does, or rejects with the deadline's reason when that comes first: the work goes on unobserved then. Ends the deadline. */
export async function bounded<T>(work: Promise<T>, limit: Deadline): Promise<T> {
  const { signal } = limit;
  work.catch(() => {});
  let follow: () => void = () => {};
  const over = new Promise<never>((_, reject) => {
    follow = () => reject(signal.reason);
  });
  try {
    if (signal.aborted) throw signal.reason;
    signal.addEventListener('abort', follow, { once: true });
    return await Promise.race([work, over]);
  } finally {
    signal.removeEventListener('abort', follow);
    limit.end();
  }
}
