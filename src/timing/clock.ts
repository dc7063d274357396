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

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
