import { readFileSync } from 'node:fs';

const total = Number(process.env.EVENTS);
let seen = 0;
let first = 0;
let firstAt = 0;
let cpuAtFirst = process.cpuUsage();

/** Counts an event that has been seen; the first one starts the clock. */
export function saw(count = 1): void {
  if (first === 0) {
    first = performance.now();
    firstAt = Date.now();
    cpuAtFirst = process.cpuUsage();
  }
  seen += count;
}

export function isAllSeen(): boolean {
  return seen >= total;
}

/** Prints the result and ends the process. */
export function finish(): never {
  const seconds = (performance.now() - first) / 1_000;
  const { user, system } = process.cpuUsage(cpuAtFirst);
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  console.log(
    JSON.stringify({
      rate: seen / seconds,
      firstMs: firstAt - Number(process.env.STARTED),
      memoryMb: Number(peak) / 1_024,
      cpuUs: (user + system) / seen,
    }),
  );
  process.exit(0);
}
