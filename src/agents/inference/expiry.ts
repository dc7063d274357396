import { StreamerError } from '../../errors.ts';
import type { Delivery } from '../behaviour.ts';

interface Expiring {
  readonly delivery: Pick<Delivery<unknown, unknown, unknown>, 'fail' | 'firstStartedAt'>;
  isSettled: boolean;
}

/** Fails the events of a batch whose `deadlineMs` has passed, each at its time, while the call continues for the others. */
export class Expiry {
  readonly #entries: readonly Expiring[];
  readonly #deadlineMs: number;
  readonly #heldSince: (from: number) => number;
  readonly #over: (error: StreamerError) => void;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param heldSince returns the time for which the model could not be asked, which does not count
   * @param over called when no event waits for the answer any longer
   */
  constructor(entries: readonly Expiring[], deadlineMs: number, heldSince: (from: number) => number, over: (error: StreamerError) => void) {
    this.#entries = entries;
    this.#deadlineMs = deadlineMs;
    this.#heldSince = heldSince;
    this.#over = over;
    if (deadlineMs > 0) this.#check();
  }

  /** Returns the time left for the event that has most of it; infinite without a deadline. */
  leftMs(): number {
    if (this.#deadlineMs === 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, ...this.#waiting().map((entry) => this.#leftOf(entry)));
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #check(): void {
    for (const entry of this.#waiting()) {
      if (this.#leftOf(entry) > 0) continue;
      entry.isSettled = true;
      entry.delivery.fail(this.#error());
    }
    const waiting = this.#waiting();
    if (waiting.length === 0) this.#over(this.#error());
    else this.#timer = setTimeout(() => this.#check(), Math.min(...waiting.map((entry) => this.#leftOf(entry))));
  }

  #waiting(): Expiring[] {
    return this.#entries.filter(({ isSettled }) => !isSettled);
  }

  #leftOf({ delivery: { firstStartedAt } }: Expiring): number {
    return firstStartedAt + this.#deadlineMs + this.#heldSince(firstStartedAt) - Date.now();
  }

  /** Final: another attempt would end the same way. */
  #error(): StreamerError {
    return new StreamerError('TIMEOUT', `no prediction within the deadlineMs of ${this.#deadlineMs} ms after the first attempt`, {
      next: 'Raise `deadlineMs`, or lower `timeoutMs` and `batch.size` so that a call takes less of it.',
    });
  }
}
