import type { Clock, Timer } from '../../../timing/index.ts';

/** Items that wait for the time of their next attempt. */
export class BackOffs<T extends { isBackingOff: boolean }> {
  readonly #clock: Clock;
  readonly #timers = new Map<T, Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls back after the time, unless they are closed before. */
  hold(item: T, delayMs: number, back: () => void): void {
    item.isBackingOff = true;
    const timer = this.#clock.after(delayMs, () => {
      this.#timers.delete(item);
      item.isBackingOff = false;
      back();
    });
    this.#timers.set(item, timer);
  }

  find(isWanted: (item: T) => boolean): T | undefined {
    for (const item of this.#timers.keys()) if (isWanted(item)) return item;
    return undefined;
  }

  /** Calls nobody back any more. */
  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
