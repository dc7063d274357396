const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

const LONG_MS = 2 ** 31 - 1;

export type StopSignal = keyof typeof EXIT_CODES;

/**
 * Calls `stop` at the first SIGINT or SIGTERM. A second one ends the process at once (exit 130 or 143).
 *
 * @returns a function that removes the listeners. Until then the process stays alive.
 */
export function onStopSignal(stop: (signal: StopSignal) => void): () => void {
  let asked = false;
  const listener = (signal: StopSignal) => {
    if (asked) process.exit(EXIT_CODES[signal]);
    asked = true;
    stop(signal);
  };
  const stay = setInterval(() => undefined, LONG_MS);
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return () => {
    clearInterval(stay);
    process.off('SIGINT', listener);
    process.off('SIGTERM', listener);
  };
}

/** Returns a signal that is aborted at the first SIGINT or SIGTERM. */
export function stopSignal(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  return { signal: controller.signal, release: onStopSignal((name) => controller.abort(new Error(name))) };
}
