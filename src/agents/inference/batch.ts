import type { Delivery, Inbox } from '../behaviour.ts';
import type { Question } from './question.ts';

/** An event in a batch, and the question about it. */
export interface Entry<K, V, Row, Out> {
  readonly delivery: Delivery<K, V, Out>;
  readonly question: Question<Row>;
  readonly bytes: number;
  /** It has failed already, because its time was over. */
  isSettled: boolean;
}

export interface BatchLimits {
  readonly size: number;
  /** 0 = none */
  readonly bytes: number;
}

/** Events that are asked about together. Events may be added until it is full. */
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

  /** Takes the events that may start now. An event that would make it too long goes back, and is the first of the next batch. */
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

  /** Resolves when it is full, after the time, or at `complete`. */
  async filled(waitMs: number, signal: AbortSignal): Promise<void> {
    const completed = new Promise<void>((resolve) => (this.#complete = resolve));
    const timer = setTimeout(this.#complete, waitMs);
    signal.addEventListener('abort', this.#complete);
    await completed;
    clearTimeout(timer);
    signal.removeEventListener('abort', this.#complete);
  }

  /** Takes no further event. */
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

  /** Returns the number of events that fit; with a limit by bytes, if they are as long as those before. */
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
      return { delivery, question: { row, alone: delivery.attempt > 1 }, bytes, isSettled: false };
    } catch (error) {
      return { delivery, question: { error }, bytes: 0, isSettled: false };
    }
  }
}
