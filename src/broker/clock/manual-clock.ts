import type { Clock, Timer } from './clock.ts';

interface Planned {
  readonly at: number;
  readonly action: () => void;
}

/** Stands still until it is moved; begins at the time of its making. */
export class ManualClock implements Clock {
  #time = Date.now();
  readonly #planned = new Set<Planned>();

  now(): number {
    return this.#time;
  }

  after(ms: number, action: () => void): Timer {
    const one = { at: this.#time + Math.max(0, ms), action };
    this.#planned.add(one);
    return { cancel: () => void this.#planned.delete(one) };
  }

  /** Moves on, and makes every call that is due on the way at its own time, those that come up meanwhile too. */
  advance(ms: number): void {
    const end = this.#time + ms;
    for (let next = this.#firstUntil(end); next !== undefined; next = this.#firstUntil(end)) {
      this.#planned.delete(next);
      this.#time = Math.max(this.#time, next.at);
      next.action();
    }
    this.#time = end;
  }

  #firstUntil(end: number): Planned | undefined {
    let first: Planned | undefined;
    for (const one of this.#planned) if (one.at <= end && (first === undefined || one.at < first.at)) first = one;
    return first;
  }
}
