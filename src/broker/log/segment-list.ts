import { endOffsetOf } from './batch-run.ts';
import { firstFrom } from './first-from.ts';
import type { TimedOffset } from './partition-log.ts';
import type { Bounds, Segment } from './segment.ts';

/** The segments of one log, oldest first; there is always at least one, and the last is written to. */
export class SegmentList {
  readonly #segments: Segment[];

  constructor(segments: readonly Segment[]) {
    this.#segments = [...segments];
  }

  get active(): Segment {
    return this.#segments[this.#segments.length - 1] as Segment;
  }

  get oldest(): Segment {
    return this.#segments[0] as Segment;
  }

  get count(): number {
    return this.#segments.length;
  }

  get sizeBytes(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, 0);
  }

  all(): readonly Segment[] {
    return this.#segments;
  }

  add(segment: Segment): void {
    this.#segments.push(segment);
  }

  removeOldest(): Segment {
    return this.#segments.shift() as Segment;
  }

  removeActive(): Segment {
    return this.#segments.pop() as Segment;
  }

  /** Whole batches from the one that holds `offset` on, as far as `bounds` allow. */
  read(offset: number, bounds: Bounds): Buffer[] {
    const found: Buffer[] = [];
    let left = bounds.maxBytes;
    let i = this.#find(offset);
    for (let at = offset, segment = this.#segments[i]; at < bounds.endOffset && segment !== undefined; segment = this.#segments[i]) {
      const atLeastOne = bounds.atLeastOne && found.length === 0;
      const bytes = segment.read(at, { endOffset: bounds.endOffset, maxBytes: left, atLeastOne });
      if (bytes === undefined && segment.firstOffsetFrom(at) !== undefined) break;
      if (bytes !== undefined) {
        found.push(bytes);
        left -= bytes.length;
        at = endOffsetOf(bytes);
      }
      // Records that compaction removed from the end of a segment are not a reason to stop there.
      if (bytes === undefined || at >= segment.nextOffset) i += 1;
    }
    return found;
  }

  /** Is there a batch that ends after `from` and begins before `to`? */
  hasWithin(from: number, to: number): boolean {
    for (const segment of this.#segments.slice(this.#find(from))) {
      const first = segment.firstOffsetFrom(from);
      if (first !== undefined) return first < to;
    }
    return false;
  }

  replace(old: Segment, replacement: Segment): void {
    this.#segments[this.#segments.indexOf(old)] = replacement;
  }

  firstReaching(timestamp: number, startOffset: number, endOffset: number): TimedOffset | undefined {
    for (const segment of this.#segments) {
      const found = segment.firstReaching(timestamp, startOffset, endOffset);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  latest(startOffset: number, endOffset: number): TimedOffset | undefined {
    const times = this.#segments.map((segment) => segment.latestTimestamp(startOffset, endOffset));
    const latest = times.reduce((a, b) => Math.max(a, b), -1);
    return latest < 0 ? undefined : this.firstReaching(latest, startOffset, endOffset);
  }

  /** Index of the segment that `offset` falls into. */
  #find(offset: number): number {
    return Math.max(0, firstFrom(this.#segments, 0, ({ baseOffset }) => baseOffset <= offset) - 1);
  }
}
