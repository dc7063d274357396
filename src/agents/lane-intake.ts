import type { Delivery, Inbox } from './behaviour.ts';

/** Takes the events of one lane from the inbox, and waits for them. */
export class LaneIntake<K, V, Out> {
  readonly #inbox: Inbox<K, V, Out>;
  readonly #lane: number;
  #isClosed = false;
  /** Wakes the one that waits for events. */
  #waiter: (() => void) | undefined;

  constructor(inbox: Inbox<K, V, Out>, lane: number) {
    this.#inbox = inbox;
    this.#lane = lane;
  }

  wake(): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.();
  }

  /** Nothing comes any more, and nothing is waited for. */
  close(): void {
    this.#isClosed = true;
    this.wake();
  }

  /** Returns the next event if it is there. */
  one(): Delivery<K, V, Out> | undefined {
    return this.#isClosed ? undefined : this.#poll(1)[0];
  }

  /** Waits for at least one event, and returns up to `max` of those that come within the time. Empty when closed. */
  async some(max: number, withinMs: number): Promise<Delivery<K, V, Out>[]> {
    while (!this.#isClosed) {
      const first = this.one();
      if (first !== undefined) return max > 1 ? this.gather([first], max, withinMs) : [first];
      await this.#more();
    }
    return [];
  }

  /**
   * Adds to a batch what comes within the time, up to `max`. The batch holds the lane, so the inbox has to give more of it while
   * that is in flight (`joins`): else batches would have one event.
   */
  async gather(batch: readonly Delivery<K, V, Out>[], max: number, withinMs: number): Promise<Delivery<K, V, Out>[]> {
    const gathered = [...batch];
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.wake();
    }, withinMs);
    while (!this.#isClosed && gathered.length < max) {
      const more = this.#poll(max - gathered.length, true);
      gathered.push(...more);
      if (isLate || gathered.length >= max) break;
      if (more.length === 0) await this.#more();
    }
    clearTimeout(timer);
    return gathered;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiter = resolve;
    });
  }

  #poll(max: number, joins = false): Delivery<K, V, Out>[] {
    return this.#inbox.poll(max, { lane: this.#lane, runs: true, joins });
  }
}
