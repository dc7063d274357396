import type { Worker } from 'node:worker_threads';
import { StreamerError } from '../../errors.ts';
import type { Call, FromThread, ToThread } from './messages.ts';
import { revive } from './sent-error.ts';

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Asks the broker in its thread, and waits for what it says. */
export class RemoteCalls {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #count = 0;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (message: FromThread) => this.#settle(message));
    worker.once('exit', () => {
      for (const { reject } of this.#pending.values()) reject(ended());
      this.#pending.clear();
    });
  }

  ask<T>(call: Call): Promise<T> {
    if (this.#worker.threadId === -1) return Promise.reject(ended());
    const id = ++this.#count;
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#worker.postMessage({ type: 'call', id, call } satisfies ToThread);
    });
  }

  #settle(message: FromThread): void {
    if (message.type !== 'returned' && message.type !== 'threw') return;
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.type === 'returned') pending?.resolve(message.value);
    else pending?.reject(revive(message.error));
  }
}

function ended(): StreamerError {
  return new StreamerError('USAGE', 'The broker is closed.');
}
