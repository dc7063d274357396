import { Worker } from 'node:worker_threads';
import { StreamerError } from '../../errors.ts';
import type { Broker, Fault } from '../broker.ts';
import type { BrokerDump } from '../dump.ts';
import type { FaultOptions } from '../faults/fault.ts';
import { type BrokerOptions, resolveOptions } from '../options.ts';
import type { FromThread, ToThread } from './messages.ts';
import { RemoteCalls } from './remote-calls.ts';
import { revive } from './sent-error.ts';
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
  const calls = new RemoteCalls(worker);
  return {
    address: ready.address,
    ports: ready.ports,
    fault: (options) => setFault(calls, options),
    advance: (ms) => calls.ask<void>({ method: 'advance', ms }),
    dump: () => calls.ask<BrokerDump>({ method: 'dump' }),
    close,
  };
}

async function setFault(calls: RemoteCalls, options: FaultOptions): Promise<Fault> {
  const fault = await calls.ask<number>({ method: 'fault', options });
  return { hits: () => calls.ask({ method: 'hits', fault }), clear: () => calls.ask({ method: 'clear', fault }) };
}

type FirstAnswer = Extract<FromThread, { type: 'ready' | 'failed' }>;

function firstAnswer(worker: Worker): Promise<FirstAnswer> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: FromThread) => {
      if (message.type === 'ready' || message.type === 'failed') resolve(message);
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
