import type { StreamerError } from '../errors.ts';
import { deferred } from '../timing/index.ts';
import type { StopResult, WorkerState } from './events/worker-events.ts';

/** From start to end of a worker: its state, what may be waited for, and what ended it. */
export class Lifecycle {
  /** Aborted when nothing is worth waiting for any more. */
  readonly closing = new AbortController();
  /** Aborted by a caller that does not want to wait for the drain. */
  readonly giveUp = new AbortController();
  readonly #ready = deferred<void>();
  readonly #stopped = deferred<StopResult>();
  #state: WorkerState = 'starting';
  #failure: StreamerError | undefined;

  get state(): WorkerState {
    return this.#state;
  }

  /** Resolves with the first assignment; rejects with the error that ends the worker before it. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Resolves when the worker has stopped in order; rejects with the error that ended it. */
  get stopped(): Promise<StopResult> {
    return this.#stopped.promise;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  isReady(): void {
    if (this.#state === 'starting') this.#state = 'ready';
    this.#ready.resolve();
  }

  isDraining(): void {
    this.#state = 'draining';
  }

  /** The start did not succeed, but the worker has not failed: it was stopped before it was ready. */
  cutOff(error: StreamerError): void {
    this.#ready.reject(error);
  }

  /** Returns false if the worker has failed before: only the first error counts. */
  fail(error: StreamerError): boolean {
    if (this.#failure !== undefined) return false;
    this.#failure = error;
    this.#ready.reject(error);
    return true;
  }

  end(result: StopResult): void {
    this.#state = this.#failure === undefined ? 'stopped' : 'failed';
    if (this.#failure === undefined) this.#stopped.resolve(result);
    else this.#stopped.reject(this.#failure);
  }
}
