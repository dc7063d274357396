/** Microseconds of the machine's monotonic clock, which all processes on it share. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
