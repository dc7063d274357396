import type { Journal } from './journal/entry.ts';

/** Ids are reserved in blocks of this size, as Kafka's controller gives them to brokers. */
const BLOCK = 1000;

/** Gives every idempotent producer an id that none had before, across restarts too. */
export class ProducerIds {
  readonly #journal: Journal;
  #free: number;
  #reserved: number;

  /** @param first no id from here on was given */
  constructor(first: number, journal: Journal) {
    this.#free = first;
    this.#reserved = first;
    this.#journal = journal;
  }

  /** An id that stands in a log was given, even when a power cut took the journal's word for it. */
  skip(given: number): void {
    if (given < this.#free) return;
    this.#free = given + 1;
    this.#reserved = Math.max(this.#reserved, this.#free);
  }

  /** @throws Refusal KAFKA_STORAGE_ERROR */
  next(): number {
    if (this.#free === this.#reserved) {
      this.#journal.append({ type: 'producer-ids', next: this.#reserved + BLOCK });
      this.#reserved += BLOCK;
    }
    return this.#free++;
  }
}
