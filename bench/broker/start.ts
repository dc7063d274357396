import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBroker } from 'streamerjs/broker';
import { decimal, markdownTable, median, takeTurns } from '../figures.ts';
import { startCommand, startNothing } from './contestant.ts';

const data = (): string => mkdtempSync(join(tmpdir(), 'streamer-bench-'));

/** How long until each way of starting is ready, and what it stands on. Milliseconds. */
const WAYS: ReadonlyArray<readonly [name: string, measure: () => Promise<number>]> = [
  ['a process of Node that does nothing', () => readyMs(startNothing())],
  ['`streamer broker`', () => readyMs(startCommand())],
  ['`streamer broker --data`', () => inFolder((folder) => readyMs(startCommand('--data', folder)))],
  ['`startBroker()` in a program', () => startInProgram({})],
  ['`startBroker({ data })`', () => inFolder((folder) => startInProgram({ data: folder }))],
];

export async function startTable(rounds: number): Promise<string> {
  const results = await takeTurns(WAYS, rounds, ([, measure]) => measure());
  const rows = [...results].map(([[name], times]) => [name, decimal(median(times)), decimal(Math.min(...times))]);
  return markdownTable(['from the start to ready', 'median, ms', 'least, ms'], rows);
}

async function readyMs(start: ReturnType<typeof startCommand>): Promise<number> {
  const { readyMs, stop } = await start;
  await stop();
  return readyMs;
}

async function startInProgram(options: { readonly data?: string }): Promise<number> {
  const began = performance.now();
  const broker = await startBroker(options);
  const took = performance.now() - began;
  await broker.close();
  return took;
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = data();
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
