import { Worker } from 'node:worker_threads';
import { ConfigError, messageOf } from '../../errors.ts';
import { ModelError } from '../model-error.ts';
import { type FromThread, type ScorerSpec, type ToThread, transferOf } from './messages.ts';
import { threadFile } from './thread-file.ts';

// A worker thread inherits --input-type and the like from its process unless its execArgv is empty.

interface Waiting {
  resolve(values: Float32Array): void;
  reject(error: unknown): void;
}

/** One worker thread that scores one request after the other. */
export class ScorerThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #ended: Error | undefined;

  constructor(spec: ScorerSpec) {
    // Flags of the process, as `--input-type`, are not meant for the thread's file.
    this.#worker = new Worker(threadFile(import.meta.url), { workerData: spec, execArgv: [] });
  }

  /** @throws ConfigError when the model cannot be read */
  static async open(spec: ScorerSpec): Promise<ScorerThread> {
    const thread = new ScorerThread(spec);
    await thread.#ready();
    return thread;
  }

  async #ready(): Promise<void> {
    const worker = this.#worker;
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (message: FromThread) => {
        if (message.type === 'ready') resolve();
        else if (message.type === 'failed') reject(new ConfigError(message.message, { next: message.next }));
        else this.#settle(message);
      });
      worker.on('error', (error) => this.#end(error, reject));
      worker.on('exit', (code) => this.#end(new Error(`it ended with code ${code}`), reject));
    }).catch(async (error: unknown) => {
      await worker.terminate();
      throw error;
    });
    // An idle thread does not keep the process alive.
    worker.unref();
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** Requests that have no answer yet. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** Resolves to the values of the rows. The memory of `rows` moves to the thread. */
  score(rows: Float32Array, count: number): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended);
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, rows, count } satisfies ToThread, transferOf(rows));
    });
  }

  /** Ends the thread and rejects requests without answer. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(message: Exclude<FromThread, { type: 'ready' | 'failed' }>): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (message.type === 'scored') waiting?.resolve(message.values);
    else waiting?.reject(new ModelError('REFUSED', message.message));
  }

  #end(cause: unknown, reject: (error: unknown) => void): void {
    this.#ended ??= new ModelError('UNAVAILABLE', `the model's thread has ended: ${messageOf(cause)}`, { cause });
    reject(this.#ended);
    for (const waiting of this.#waiting.values()) waiting.reject(this.#ended);
    this.#waiting.clear();
  }
}
