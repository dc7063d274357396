import { Worker } from 'node:worker_threads';
import { ConfigError, StreamerError } from '../../errors.ts';
import type { Broker } from '../broker.ts';
import { type BrokerOptions, resolveOptions } from '../options.ts';
import type { FromThread, ToThread } from './messages.ts';
import { threadFile } from './thread-file.ts';

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
  worker.on('message', (message: FromThread) => {
    if (message.type === 'log') onLog?.(message.entry);
  });
  const ready = await firstAnswer(worker);
  if (ready.type === 'failed') throw revive(ready);
  worker.on('error', (error) => onLog?.({ level: 'error', message: `the broker's thread failed: ${error.stack ?? error.message}` }));
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= closeThread(worker);
    return closing;
  };
  return { address: ready.address, ports: ready.ports, close };
}

type FirstAnswer = Exclude<FromThread, { type: 'log' }>;

function firstAnswer(worker: Worker): Promise<FirstAnswer> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: FromThread) => {
      if (message.type !== 'log') resolve(message);
    });
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new StreamerError('USAGE', `The broker's thread ended with code ${code} before it was ready.`)));
  });
}

function closeThread(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    if (worker.threadId === -1) return resolve();
    worker.once('exit', () => resolve());
    worker.postMessage({ type: 'close' } satisfies ToThread);
  });
}

function revive({ message, code, next }: Extract<FromThread, { type: 'failed' }>): Error {
  if (code === 'CONFIG') return new ConfigError(message, { next });
  return new StreamerError('USAGE', message, { next });
}
