import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Kafka, logLevel } from 'kafkajs';

/** A broker in a process of its own. */
export interface Contestant {
  readonly name: string;
  readonly kafka: Kafka;
  /** Undefined where it is not known. */
  readonly pid: number | undefined;
}

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const BARE = "console.log(JSON.stringify({ event: 'ready' })); setInterval(() => {}, 1e9)";

export function contestant(name: string, address: string, pid: number | undefined): Contestant {
  return { name, kafka: new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }), pid };
}

/** The built command with these arguments; resolves when it says that it is ready. */
export async function startCommand(...args: readonly string[]): Promise<Started> {
  return started(spawn(process.execPath, [MAIN, 'broker', '--port', '0', '--json', ...args], { stdio: ['ignore', 'pipe', 'inherit'] }));
}

/** A process of Node that does nothing: no command can be ready sooner. */
export async function startNothing(): Promise<Started> {
  return started(spawn(process.execPath, ['-e', BARE], { stdio: ['ignore', 'pipe', 'inherit'] }));
}

interface Started {
  readonly pid: number;
  readonly address: string;
  /** From the start of the process. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

async function started(child: ChildProcess & { readonly stdout: NodeJS.ReadableStream }): Promise<Started> {
  const began = performance.now();
  for await (const line of createInterface(child.stdout)) {
    const { event, address = '' } = JSON.parse(line) as { event: string; address?: string };
    if (event !== 'ready') continue;
    return { pid: child.pid!, address, readyMs: performance.now() - began, stop: () => stop(child) };
  }
  throw new Error('the process ended before it was ready');
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** Milliseconds that all its threads have run; NaN where the system does not tell. */
export function cpuMsOf(pid: number | undefined): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.reduce((sum, thread) => sum + nanosecondsOf(`/proc/${pid}/task/${thread}/schedstat`), 0) / 1e6;
  } catch {
    return Number.NaN;
  }
}

/** Threads come and go. */
function nanosecondsOf(schedstat: string): number {
  try {
    return Number(readFileSync(schedstat, 'utf8').split(' ')[0]);
  } catch {
    return 0;
  }
}

/** Resident megabytes; NaN where the system does not tell. */
export function memoryOf(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
