/** The time, and what happens by it. The runtime asks no other clock, so that a test can move the time by hand. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls back once, after the time. */
  after(ms: number, callback: () => void): Timer;
}

export interface Timer {
  /** Without effect once it has called back. */
  cancel(): void;
}

/** Timers of Node.js that are set for longer fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    if (ms > LONGEST_MS) return inParts(ms, callback);
    const timer = setTimeout(callback, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

function inParts(ms: number, callback: () => void): Timer {
  let rest = systemClock.after(LONGEST_MS, () => {
    rest = systemClock.after(ms - LONGEST_MS, callback);
  });
  return { cancel: () => rest.cancel() };
}
