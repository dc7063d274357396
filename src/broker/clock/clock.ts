/** A call that is to come. */
export interface Timer {
  cancel(): void;
}

/** The broker's time, and its timers. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Does not keep the process alive. */
  after(ms: number, action: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, action) {
    const timer = setTimeout(action, ms);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Calls again and again, each time `ms` after the last call. */
export function every(clock: Clock, ms: number, action: () => void): Timer {
  let timer: Timer;
  const again = (): void => {
    timer = clock.after(ms, again);
    action();
  };
  timer = clock.after(ms, again);
  return { cancel: () => timer.cancel() };
}
