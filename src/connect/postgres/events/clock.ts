/** The time of processing, as the envelope shows it: milliseconds, microseconds, nanoseconds since 1970. */
export type Clock = () => readonly [ms: number, us: number, ns: bigint];

/** The time of the process's start by the wall clock, plus the monotonic clock since. */
export const systemClock: Clock = () => {
  const us = Math.floor((performance.timeOrigin + performance.now()) * 1000);
  return [Math.floor(us / 1000), us, BigInt(us) * 1000n];
};
