const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

const LONG_MS = 2 ** 31 - 1;

export type StopSignal = keyof typeof EXIT_CODES;

/**
 * The first SIGINT or SIGTERM asks for an orderly end; a second one ends the process at once (exit 130 or 143).
 *
 * @returns takes the listeners away. Until then the process stays, whatever else it waits for.
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

/** An AbortSignal for the same. */
export function stopSignal(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  return { signal: controller.signal, release: onStopSignal((name) => controller.abort(new Error(name))) };
}
