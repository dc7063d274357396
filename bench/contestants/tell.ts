import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const SETTLE_MS = 2_000;
const IDLE_MS = 20_000;

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
  end({ rate: seen / seconds, firstMs: firstAt - Number(process.env.STARTED), cpuUs: (user + system) / seen });
}

/** Watches a process with nothing to do; prints what share of a core it takes, and ends it. */
export async function finishIdle(): Promise<never> {
  const firstMs = Date.now() - Number(process.env.STARTED);
  await sleep(SETTLE_MS);
  const before = process.cpuUsage();
  await sleep(IDLE_MS);
  const { user, system } = process.cpuUsage(before);
  end({ rate: 0, firstMs, cpuUs: (user + system) / (10 * IDLE_MS) });
}

function end(result: { rate: number; firstMs: number; cpuUs: number }): never {
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  console.log(JSON.stringify({ ...result, memoryMb: Number(peak) / 1_024 }));
  process.exit(0);
}
