import { StreamerError } from '../../errors.ts';
import { type Deferred, deferred } from '../../timing/index.ts';

/**
 * - `restoring`: its state is brought up to date; its inputs are paused.
 * - `running`: records come in and events start.
 * - `draining`: no event starts any more; those in the hands of handlers finish.
 * - `suspended`: no event is in the hands of a handler. It waits for the next assignment, and keeps what it has read.
 * - `closed`: the partition is gone. Results of its handlers have no effect from then on.
 */
export type Phase = 'restoring' | 'running' | 'draining' | 'suspended' | 'closed';

const NEXT: Readonly<Record<Phase, readonly Phase[]>> = {
  // A partition may be taken away before its state is restored.
  restoring: ['running', 'draining', 'closed'],
  running: ['draining', 'closed'],
  // Back to `restoring` when the drain took longer than it may, and the next assignment keeps the partition.
  draining: ['suspended', 'restoring', 'closed'],
  suspended: ['restoring', 'closed'],
  closed: [],
};

interface Waiter {
  readonly phases: readonly Phase[];
  readonly reached: Deferred<Phase>;
}

/** The phase of a task. */
export class TaskPhase {
  #current: Phase = 'suspended';
  #waiters: Waiter[] = [];
  readonly #closing = new AbortController();

  get current(): Phase {
    return this.#current;
  }

  /** Aborted when the task is closed. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** @throws Error when the current phase does not lead to it */
  enter(phase: Phase): void {
    if (!NEXT[this.#current].includes(phase)) throw new Error(`a task cannot go from ${this.#current} to ${phase}`);
    this.#current = phase;
    if (phase === 'closed') this.#closing.abort();
    const waiters = this.#waiters;
    this.#waiters = waiters.filter((waiter) => !this.#settle(waiter));
  }

  /** Resolves with the first of these phases that the task is in, now or later. Rejects when it is closed instead. */
  reached(...phases: readonly Phase[]): Promise<Phase> {
    const waiter = { phases, reached: deferred<Phase>() };
    if (!this.#settle(waiter)) this.#waiters.push(waiter);
    return waiter.reached.promise;
  }

  #settle({ phases, reached }: Waiter): boolean {
    if (phases.includes(this.#current)) reached.resolve(this.#current);
    else if (this.#current === 'closed')
      reached.reject(new StreamerError('LOST', `the task was closed before it was ${phases.join(' or ')}`));
    else return false;
    return true;
  }
}
