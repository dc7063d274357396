import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ConfigError, StreamerError } from '../../errors.ts';
import type { Broker } from '../broker.ts';
import { type BrokerOptions, resolveOptions } from '../options.ts';
import type { FromThread, ToThread } from './messages.ts';

/**
 * Starts a broker in a worker thread, where user code that blocks the event loop cannot stall it. Same options and
 * errors as `startBroker`.
 *
 * @throws ConfigError when an option cannot be used, the port is taken, or this runs from TypeScript sources that were
 * never built
 */
export async function startBrokerThread(options: BrokerOptions = {}): Promise<Broker> {
  resolveOptions(options);
  const { onLog, ...rest } = options;
  const worker = new Worker(threadFile(import.meta.url), { workerData: rest });
  const onMessage = (message: FromThread): void => {
    if (message.type === 'log') onLog?.(message.entry);
  };
  worker.on('message', onMessage);
  const ready = await firstAnswer(worker);
  if (ready.type === 'failed') throw revive(ready);
  if (ready.type !== 'ready') throw new StreamerError('USAGE', `the broker's thread said ${ready.type} first`);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= closeThread(worker);
    return closing;
  };
  return { address: ready.address, ports: ready.ports, close };
}

function firstAnswer(worker: Worker): Promise<FromThread> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: FromThread) => message.type !== 'log' && resolve(message));
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new StreamerError('USAGE', `the broker's thread ended with code ${code} before it was ready`)));
  });
}

function closeThread(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once('exit', () => resolve());
    worker.postMessage({ type: 'close' } satisfies ToThread);
  });
}

function revive({ message, code, next }: Extract<FromThread, { type: 'failed' }>): Error {
  if (code === 'CONFIG') return new ConfigError(message, { next });
  return new StreamerError('USAGE', message, { next });
}

/** Node 20 cannot load TypeScript in a worker: from sources, the built file is taken. */
function threadFile(moduleUrl: string): URL {
  if (!moduleUrl.endsWith('.ts')) return new URL('./thread-main.js', moduleUrl);
  const built = new URL(moduleUrl.replace('/src/broker/host/', '/dist/src/broker/host/').replace(/[^/]+$/, 'thread-main.js'));
  if (existsSync(fileURLToPath(built))) return built;
  throw new ConfigError('The broker cannot run in a thread of its own from TypeScript sources that were never built.', {
    next: 'Run `npm run build` first, or use startBroker.',
  });
}
