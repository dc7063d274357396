import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OffsetTracker } from '../../src/runtime/offsets/offset-tracker.ts';

/** Offsets that grow by 1 to 4: the log skips some. */
const deliveries = fc.record({
  start: fc.integer({ min: 0, max: 1_000 }),
  steps: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 200 }),
  order: fc.array(fc.nat(), { minLength: 0, maxLength: 200 }),
});

describe('OffsetTracker', () => {
  it('stands at the smallest unfinished offset, whatever the order of finishing (property, against a set)', () => {
    fc.assert(
      fc.property(deliveries, ({ start, steps, order }) => {
        const tracker = new OffsetTracker(start);
        const open = new Map<number, number>();
        let next = start;
        for (const step of steps) {
          const offset = next + step - 1;
          open.set(offset, tracker.add(offset));
          next = offset + 1;
        }
        const finished = new Set<number>();
        for (const pick of order) {
          if (open.size === 0) break;
          const offset = [...open.keys()][pick % open.size]!;
          tracker.finish(open.get(offset)!);
          open.delete(offset);
          finished.add(offset);
          expect(tracker.position).toBe(open.size === 0 ? next : Math.min(...open.keys()));
          expect(tracker.unfinished).toBe(open.size);
        }
        const covered = (offset: number) => tracker.finishedBeyond().some(([from, to]) => offset >= from && offset < to);
        for (const offset of open.keys()) expect(covered(offset)).toBe(false);
        for (const offset of finished) if (offset >= tracker.position) expect(covered(offset)).toBe(true);
      }),
    );
  });

  it('advances over what the log skips only when nothing is unfinished', () => {
    const tracker = new OffsetTracker(10);
    tracker.advance(15);
    expect(tracker.position).toBe(15);
    const slot = tracker.add(20);
    tracker.advance(30);
    expect(tracker.position).toBe(20);
    expect(tracker.finish(slot)).toBe(true);
    expect(tracker.position).toBe(30);
  });

  it('counts a second finish of the same event for nothing', () => {
    const tracker = new OffsetTracker(0);
    const first = tracker.add(0);
    tracker.add(1);
    tracker.finish(first);
    tracker.finish(first);
    expect([tracker.position, tracker.unfinished]).toEqual([1, 1]);
  });

  it('keeps its slots right over many thousand events', () => {
    const tracker = new OffsetTracker(0);
    const slots: number[] = [];
    for (let offset = 0; offset < 10_000; offset++) {
      slots.push(tracker.add(offset));
      if (offset >= 5) tracker.finish(slots[offset - 5]!);
      expect(tracker.position).toBe(Math.max(0, offset - 4));
    }
  });
});
