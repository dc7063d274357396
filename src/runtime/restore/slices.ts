import { setImmediate } from 'node:timers/promises';

/** Time between two slices in which everything else of the process has its turn. */
const REST_MS = 1;

/** Bounds the work of many tasks on one thread: together they work for no longer than a slice at a time. */
export class Slices {
  readonly #sliceMs: number;
  #until = 0;

  constructor(sliceMs: number) {
    this.#sliceMs = sliceMs;
  }

  /** True if the thread has to be let go of: await `next`. */
  get isOver(): boolean {
    return performance.now() >= this.#until;
  }

  /** Resolves in a later turn, within a slice. */
  async next(): Promise<void> {
    do await setImmediate();
    while (!this.#begins());
  }

  /** Those that wait for the same turn share the slice of the first, and wait once more when it has used it up. */
  #begins(): boolean {
    const now = performance.now();
    if (now >= this.#until && now < this.#until + REST_MS) return false;
    if (now >= this.#until) this.#until = now + this.#sliceMs;
    return true;
  }
}
