import { type LogEntry, startBroker } from '../broker/index.ts';
import { CommandError } from './command-error.ts';
import { outputOf } from './output.ts';
import { wholeNumber } from './records/options.ts';
import { stopSignal } from './signals.ts';

/** Runs until a signal comes. */
export async function runBroker(options: Readonly<Record<string, unknown>>): Promise<void> {
  if (options['data'] !== undefined) {
    throw new CommandError(2, '--data comes with the disk stage of the broker', {
      next: 'Until then its records live in memory and end with it: leave --data away.',
    });
  }
  const stop = stopSignal();
  try {
    await serve(options, stop.signal);
  } finally {
    stop.release();
  }
}

async function serve(options: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<void> {
  const output = outputOf(options['json'] === true);
  const broker = await startBroker({
    host: String(options['host']),
    port: wholeNumber('--port', options['port']) ?? 29_092,
    nodes: wholeNumber('--nodes', options['nodes'], 1) ?? 1,
    autoCreateTopics: options['autoCreateTopics'] === true,
    onLog,
  });
  output.line(`broker ready at ${broker.address}   in memory, for development   Ctrl-C ends it and forgets its records`);
  output.data({ event: 'ready', address: broker.address, ports: broker.ports, pid: process.pid });
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await broker.close();
  output.line('broker stopped');
  output.data({ event: 'stopped' });
}

function onLog({ level, message, node, client }: LogEntry): void {
  if (level === 'debug' && !process.env['STREAMER_DEBUG']) return;
  const where = [node === undefined ? '' : `node ${node}`, client ?? ''].filter((part) => part !== '').join(' ');
  process.stderr.write(`${new Date().toISOString()} ${level} broker${where === '' ? '' : ` (${where})`}: ${message}\n`);
}
