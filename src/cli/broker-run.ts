import { resolve } from 'node:path';
import { startBroker } from '../broker/broker.ts';
import type { LogEntry } from '../broker/index.ts';
import { printable, printableLines } from '../observe/printable.ts';
import { textFlag, wholeNumber, wordFlag } from './flags.ts';
import type { RawOptions } from './options.ts';
import { outputOf } from './output.ts';
import { stopSignal } from './signals.ts';

/** Runs the broker until a signal arrives. */
export async function runBroker(options: RawOptions): Promise<void> {
  const stop = stopSignal();
  try {
    await serve(options, stop.signal);
  } finally {
    stop.release();
  }
}

async function serve(options: RawOptions, signal: AbortSignal): Promise<void> {
  const output = outputOf(options['json'] === true);
  const storage = storageOf(options);
  const broker = await startBroker({
    ...storage,
    host: String(options['host']),
    port: wholeNumber('--port', options['port']) ?? 29_092,
    nodes: wholeNumber('--nodes', options['nodes'], 1) ?? 1,
    autoCreateTopics: options['autoCreateTopics'] === true,
    onLog,
  });
  output.line(`broker ready at ${broker.address}   ${describe(storage)}`);
  output.data({ event: 'ready', address: broker.address, ports: broker.ports, pid: process.pid, ...storage });
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await broker.close();
  output.line('broker stopped');
  output.data({ event: 'stopped' });
}

interface StorageOptions {
  readonly data?: string;
  readonly durability?: 'os' | 'fsync';
  readonly salvage?: true;
}

function storageOf(options: RawOptions): StorageOptions {
  const data = textFlag(options, 'data');
  return {
    ...(data !== undefined && { data: data === '' ? '' : resolve(data) }),
    ...(options['salvage'] === true && { salvage: true }),
    ...(options['durability'] !== undefined && { durability: wordFlag(options, 'durability', ['os', 'fsync']) }),
  };
}

function describe({ data, durability = 'os' }: StorageOptions): string {
  if (data === undefined) return 'in memory, for development   Ctrl-C stops it and drops its records';
  return `data in ${data} (durability: ${durability}), for development   Ctrl-C stops it and keeps its records`;
}

function onLog({ level, message, node, client }: LogEntry): void {
  if (level === 'debug' && !process.env['STREAMER_DEBUG']) return;
  const where = [node === undefined ? '' : `node ${node}`, client ?? ''].filter((part) => part !== '').join(' ');
  process.stderr.write(
    `${new Date().toISOString()} ${level} broker${where === '' ? '' : ` (${printable(where)})`}: ${printableLines(message)}\n`,
  );
}
