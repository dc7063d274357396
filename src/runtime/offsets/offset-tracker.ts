/** Half-open range of offsets, `[start, end)`. */
export type OffsetRange = readonly [start: number, end: number];

/**
 * The offsets of one agent on one partition that were delivered and are not finished, in order. Offsets that the log skips
 * (compaction, control records) are never delivered, and so never waited for.
 */
export class OffsetTracker {
  #offsets: number[] = [];
  #isFinished: boolean[] = [];
  /** Index of the smallest unfinished offset; all before it are finished. */
  #head = 0;
  /** Slot number of index 0: slots grow for ever, while the arrays are shortened. */
  #base = 0;
  #end: number;
  #unfinished = 0;

  /** @param position where reading starts: the first offset that may be delivered */
  constructor(position: number) {
    this.#end = position;
  }

  /** Notes a delivered offset; returns its slot, for `finish`. Offsets must grow. */
  add(offset: number): number {
    this.#offsets.push(offset);
    this.#isFinished.push(false);
    this.#end = offset + 1;
    this.#unfinished++;
    return this.#base + this.#offsets.length - 1;
  }

  /** Returns true if the position has moved. */
  finish(slot: number): boolean {
    const index = slot - this.#base;
    if (index < this.#head || this.#isFinished[index] !== false) return false;
    this.#isFinished[index] = true;
    this.#unfinished--;
    if (index !== this.#head) return false;
    while (this.#isFinished[this.#head] === true) this.#head++;
    this.#shrink();
    return true;
  }

  /** Everything before this offset has been read, whether it held a record or not. */
  advance(nextOffset: number): void {
    if (nextOffset > this.#end) this.#end = nextOffset;
  }

  /** The smallest unfinished offset, else the one behind the last read. */
  get position(): number {
    return this.#offsets[this.#head] ?? this.#end;
  }

  /** The offset behind the last one read. */
  get end(): number {
    return this.#end;
  }

  get unfinished(): number {
    return this.#unfinished;
  }

  /** Ranges of finished offsets beyond the position, in order. An offset between them is unfinished, or never was. */
  finishedBeyond(): OffsetRange[] {
    const ranges: OffsetRange[] = [];
    let start: number | undefined;
    for (let index = this.#head; index < this.#offsets.length; index++) {
      if (this.#isFinished[index]) {
        start ??= this.#offsets[index]!;
      } else if (start !== undefined) {
        ranges.push([start, this.#offsets[index - 1]! + 1]);
        start = undefined;
      }
    }
    if (start !== undefined) ranges.push([start, this.#offsets.at(-1)! + 1]);
    return ranges;
  }

  #shrink(): void {
    if (this.#head < 1_024 || this.#head * 2 < this.#offsets.length) return;
    this.#offsets = this.#offsets.slice(this.#head);
    this.#isFinished = this.#isFinished.slice(this.#head);
    this.#base += this.#head;
    this.#head = 0;
  }
}
