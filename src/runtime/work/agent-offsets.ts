import { FinishedCursor } from '../offsets/finished-map.ts';
import { type OffsetRange, OffsetTracker } from '../offsets/offset-tracker.ts';

/** Which offsets of a partition one agent has finished, before a restart and since. */
export class AgentOffsets {
  readonly #tracker: OffsetTracker;
  readonly #before: FinishedCursor;

  /**
   * @param position where reading starts
   * @param finished ranges beyond it that this agent finished before a restart
   */
  constructor(position: number, finished: readonly OffsetRange[]) {
    this.#tracker = new OffsetTracker(position);
    this.#before = new FinishedCursor(finished);
  }

  /** The smallest offset that is not finished. */
  get position(): number {
    return this.#tracker.position;
  }

  /** The offset behind the last one noted. */
  get end(): number {
    return this.#tracker.end;
  }

  /** Offsets noted and not finished. */
  get unfinished(): number {
    return this.#tracker.unfinished;
  }

  /** Notes an offset that work begins on. Returns what `finish` takes. */
  add(offset: number): number {
    return this.#tracker.add(offset);
  }

  finish(slot: number): void {
    this.#tracker.finish(slot);
  }

  /** Notes an offset that this agent does not work on: it counts as finished. */
  pass(offset: number): void {
    this.#tracker.finish(this.#tracker.add(offset));
  }

  /** Reading has come so far, though the offsets before it may hold no records. */
  advance(nextOffset: number): void {
    this.#tracker.advance(nextOffset);
  }

  /** Returns true for an offset that was finished before a restart. Call it in the order of the offsets, before they are noted. */
  hasFinished(offset: number): boolean {
    return this.#before.has(offset);
  }

  /**
   * Ranges of finished offsets beyond the position. What was finished before a restart stays so while it has not been read
   * again: a task that commits, or is given up, before that must not forget it.
   */
  finishedBeyond(): OffsetRange[] {
    return [...this.#tracker.finishedBeyond(), ...this.#before.from(this.#tracker.end)];
  }
}
