import { firstFrom } from '../log/first-from.ts';

/** A transaction whose records readers of committed records must leave out. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

interface EndedTransaction extends AbortedTransaction {
  /** Offset of its marker. */
  readonly endOffset: number;
  readonly isCommit: boolean;
}

type Saved =
  | readonly [kind: 'open', producerId: number, firstOffset: number]
  | readonly [kind: 'aborted', producerId: number, firstOffset: number, endOffset: number];

/** Which transactions one partition has records of: those under way, and those that were aborted. */
export class PartitionTransactions {
  /** By producer: offset of the first record. */
  readonly #open = new Map<number, number>();
  /** In the order of their markers; committed ones only until their marker can be read. */
  #ended: EndedTransaction[] = [];

  isOpen(producerId: number): boolean {
    return this.#open.has(producerId);
  }

  /** Offset of the first record of the producer's open transaction; -1 without one. */
  startOf(producerId: number): number {
    return this.#open.get(producerId) ?? -1;
  }

  openProducers(): readonly number[] {
    return [...this.#open.keys()];
  }

  /** A record of the producer's transaction stands at `offset`. */
  extend(producerId: number, offset: number): void {
    if (!this.#open.has(producerId)) this.#open.set(producerId, offset);
  }

  end(producerId: number, endOffset: number, isCommit: boolean): void {
    const firstOffset = this.#open.get(producerId);
    if (firstOffset === undefined) return;
    this.#open.delete(producerId);
    this.#ended.push({ producerId, firstOffset, endOffset, isCommit });
  }

  /**
   * Where the first transaction begins of which the end is not known to readers.
   *
   * @param visible offset after the last record that can be read
   */
  firstUnstable(visible: number): number | undefined {
    if (this.#ended.at(-1)?.isCommit) this.#forgetCommitted(visible);
    let first = Number.POSITIVE_INFINITY;
    for (const offset of this.#open.values()) first = Math.min(first, offset);
    for (const { firstOffset } of this.#ended.slice(this.#indexFrom(visible))) first = Math.min(first, firstOffset);
    return Number.isFinite(first) ? first : undefined;
  }

  /** Those with records in `[from, to)`, in the order of their markers. */
  abortedWithin(from: number, to: number): AbortedTransaction[] {
    const found: AbortedTransaction[] = [];
    for (const { producerId, firstOffset, isCommit } of this.#ended.slice(this.#indexFrom(from))) {
      if (!isCommit && firstOffset < to) found.push({ producerId, firstOffset });
    }
    return found;
  }

  /** Is the record of this producer part of a transaction that was aborted? */
  isAborted(producerId: number, offset: number): boolean {
    for (const one of this.#ended.slice(this.#indexFrom(offset))) {
      if (one.producerId === producerId && one.firstOffset <= offset) return !one.isCommit;
    }
    return false;
  }

  /** The log has lost its batches from `offset` on: a transaction whose marker was among them goes on. */
  forgetFrom(offset: number): void {
    for (const [producerId, first] of this.#open) if (first >= offset) this.#open.delete(producerId);
    const lost = this.#ended.filter(({ endOffset }) => endOffset >= offset);
    this.#ended = this.#ended.filter(({ endOffset }) => endOffset < offset);
    for (const { producerId, firstOffset } of lost) if (firstOffset < offset) this.#open.set(producerId, firstOffset);
  }

  /** Records before `start` are gone. */
  forgetBefore(start: number): void {
    if ((this.#ended[0]?.endOffset ?? start) < start) this.#ended = this.#ended.slice(this.#indexFrom(start));
  }

  save(): readonly Saved[] {
    const open = [...this.#open].map(([producerId, first]) => ['open', producerId, first] as const);
    const aborted = this.#ended.filter(({ isCommit }) => !isCommit);
    return [...open, ...aborted.map((one) => ['aborted', one.producerId, one.firstOffset, one.endOffset] as const)];
  }

  restore(saved: readonly Saved[]): void {
    this.#open.clear();
    this.#ended = [];
    for (const one of saved) {
      if (one[0] === 'open') this.#open.set(one[1], one[2]);
      else this.#ended.push({ producerId: one[1], firstOffset: one[2], endOffset: one[3], isCommit: false });
    }
  }

  #forgetCommitted(visible: number): void {
    this.#ended = this.#ended.filter(({ isCommit, endOffset }) => !isCommit || endOffset >= visible);
  }

  #indexFrom(offset: number): number {
    return firstFrom(this.#ended, 0, ({ endOffset }) => endOffset < offset);
  }
}

export function isSavedTransaction(saved: unknown): saved is Saved {
  return Array.isArray(saved) && (saved[0] === 'open' || saved[0] === 'aborted');
}
