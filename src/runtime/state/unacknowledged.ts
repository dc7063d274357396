import { type Deferred, deferred } from '../../timing/index.ts';

/**
 * Events that have finished, and some of whose outputs are on their way. A cut holds them, and is not committed before all that it
 * holds are acknowledged.
 */
export class Unacknowledged<T> {
  /** Finished since the last cut. */
  #since = new Set<T>();
  readonly #cuts = new Set<{ readonly events: Set<T>; readonly acknowledged: Deferred<void> }>();

  get size(): number {
    let size = this.#since.size;
    for (const { events } of this.#cuts) size += events.size;
    return size;
  }

  /** The one that finished first. */
  get oldest(): T | undefined {
    for (const { events } of this.#cuts) for (const event of events) return event;
    return this.#since.values().next().value;
  }

  add(event: T): void {
    this.#since.add(event);
  }

  /** The outputs of the event are acknowledged, or given up. */
  delete(event: T): void {
    if (this.#since.delete(event)) return;
    for (const cut of this.#cuts) {
      if (!cut.events.delete(event)) continue;
      if (cut.events.size > 0) return;
      this.#cuts.delete(cut);
      cut.acknowledged.resolve();
      return;
    }
  }

  /** A cut holds all of them. Resolves when they are acknowledged; undefined when they are already. Rejects at `close`. */
  cut(): Promise<void> | undefined {
    if (this.#since.size === 0) return undefined;
    const acknowledged = deferred<void>();
    acknowledged.promise.catch(() => {});
    this.#cuts.add({ events: this.#since, acknowledged });
    this.#since = new Set();
    return acknowledged.promise;
  }

  /** Nothing that is acknowledged from now on counts. */
  close(reason: Error): void {
    for (const { acknowledged } of this.#cuts) acknowledged.reject(reason);
    this.#cuts.clear();
    this.#since.clear();
  }
}
