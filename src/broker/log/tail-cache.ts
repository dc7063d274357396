import { firstFrom } from './first-from.ts';

/** Bytes of the newest batches that are kept of one log. */
const LOG_BYTES = 4 * 1024 * 1024;

interface CachedBatch {
  readonly baseOffset: number;
  /** Offset after its last record. */
  readonly endOffset: number;
  readonly bytes: Buffer;
}

/** What all logs of a broker may keep together; those written to least recently give way. */
export class TailBudget {
  readonly #limit: number;
  readonly #caches = new Set<TailCache>();
  #total = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  change(cache: TailCache, bytes: number): void {
    this.#total += bytes;
    if (bytes < 0) return;
    this.#caches.delete(cache);
    this.#caches.add(cache);
    for (const other of this.#caches) {
      if (this.#total <= this.#limit || other === cache) break;
      other.clear();
    }
  }

  forget(cache: TailCache): void {
    this.#caches.delete(cache);
  }
}

/** The newest batches of a log, so that consumers that keep up read no file. */
export class TailCache {
  readonly #budget: TailBudget;
  #batches: CachedBatch[] = [];
  #head = 0;
  #bytes = 0;

  constructor(budget: TailBudget) {
    this.#budget = budget;
  }

  /** Offset from which on all batches are here; undefined when there are none. */
  get startOffset(): number | undefined {
    return this.#batches[this.#head]?.baseOffset;
  }

  push(batch: CachedBatch): void {
    this.#batches.push(batch);
    this.#grow(batch.bytes.length);
    while (this.#bytes > LOG_BYTES && this.#head < this.#batches.length - 1) this.#dropFirst();
    if (this.#head * 2 > this.#batches.length) this.#compact();
  }

  read(offset: number, endOffset: number, maxBytes: number, atLeastOne: boolean): Buffer[] {
    const found: Buffer[] = [];
    let left = maxBytes;
    for (let i = this.#indexOf(offset), batch = this.#batches[i]; batch !== undefined; batch = this.#batches[++i]) {
      const { baseOffset, bytes } = batch;
      if (baseOffset >= endOffset || (bytes.length > left && !(atLeastOne && found.length === 0))) break;
      found.push(bytes);
      left -= bytes.length;
    }
    return found;
  }

  clear(): void {
    this.#batches = [];
    this.#head = 0;
    this.#grow(-this.#bytes);
    this.#budget.forget(this);
  }

  #dropFirst(): void {
    this.#grow(-(this.#batches[this.#head]?.bytes.length ?? 0));
    this.#head += 1;
  }

  #grow(bytes: number): void {
    this.#bytes += bytes;
    this.#budget.change(this, bytes);
  }

  #compact(): void {
    this.#batches = this.#batches.slice(this.#head);
    this.#head = 0;
  }

  #indexOf(offset: number): number {
    return firstFrom(this.#batches, this.#head, (batch) => batch.endOffset <= offset);
  }
}
