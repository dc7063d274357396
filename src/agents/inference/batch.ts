import type { Delivery, Inbox } from '../behaviour.ts';
import type { Question } from './question.ts';

/** An event in a batch, and what the model is asked about it. */
export interface Entry<K, V, Row, Out> {
  readonly delivery: Delivery<K, V, Out>;
  readonly question: Question<Row>;
  readonly bytes: number;
  /** Its outcome has been told already: its time was up. */
  isTold: boolean;
}

export interface BatchLimits {
  readonly size: number;
  /** 0 = none */
  readonly bytes: number;
}

/** Events that are asked about together, and may be added until it is full. */
export class Batch<K, V, Row, Out> {
  readonly entries: Entry<K, V, Row, Out>[] = [];
  readonly startedAt = Date.now();
  readonly #limits: BatchLimits;
  readonly #rowOf: (delivery: Delivery<K, V, Out>) => Row;
  #bytes = 0;
  #isFull = false;
  #complete: () => void = () => {};

  constructor(limits: BatchLimits, rowOf: (delivery: Delivery<K, V, Out>) => Row) {
    this.#limits = limits;
    this.#rowOf = rowOf;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** Takes what may start now. What would make it too long goes back, to be the first of the next. */
  fill(inbox: Inbox<K, V, Out>): void {
    while (!this.#isFull) {
      const room = this.#room();
      const polled = inbox.poll(room, { runs: true });
      for (const [at, delivery] of polled.entries()) {
        if (this.#add(this.#entryOf(delivery))) continue;
        this.#isFull = true;
        for (const other of polled.slice(at)) other.release();
        break;
      }
      if (this.#room() === 0) this.#isFull = true;
      if (polled.length < room) break;
    }
    if (this.#isFull) this.#complete();
  }

  /** Resolves when it is full, when the time is over, or at `complete`. */
  async filled(waitMs: number, signal: AbortSignal): Promise<void> {
    const completed = new Promise<void>((resolve) => (this.#complete = resolve));
    const timer = setTimeout(this.#complete, waitMs);
    signal.addEventListener('abort', this.#complete);
    await completed;
    clearTimeout(timer);
    signal.removeEventListener('abort', this.#complete);
  }

  /** Waits for no more. */
  complete(): void {
    this.#isFull = true;
    this.#complete();
  }

  #add(entry: Entry<K, V, Row, Out>): boolean {
    const { bytes } = this.#limits;
    if (bytes > 0 && this.entries.length > 0 && this.#bytes + entry.bytes > bytes) return false;
    this.entries.push(entry);
    this.#bytes += entry.bytes;
    return true;
  }

  /** How many events to ask for: with a limit by bytes, what fits if they are as long as those before. */
  #room(): number {
    const { size, bytes } = this.#limits;
    const room = size - this.entries.length;
    if (bytes === 0 || room === 0) return room;
    if (this.entries.length === 0) return 1;
    const fitting = Math.floor((bytes - this.#bytes) / Math.max(1, this.#bytes / this.entries.length));
    return Math.max(0, Math.min(room, fitting));
  }

  #entryOf(delivery: Delivery<K, V, Out>): Entry<K, V, Row, Out> {
    try {
      const row = this.#rowOf(delivery);
      const bytes = this.#limits.bytes === 0 ? 0 : Buffer.byteLength(JSON.stringify(row) ?? '');
      return { delivery, question: { row, alone: delivery.attempt > 1 }, bytes, isTold: false };
    } catch (error) {
      return { delivery, question: { error }, bytes: 0, isTold: false };
    }
  }
}
