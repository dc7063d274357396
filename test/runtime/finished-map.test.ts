import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFinished, encodeFinished, FinishedCursor, METADATA_LIMIT } from '../../src/runtime/offsets/finished-map.ts';
import type { OffsetRange } from '../../src/runtime/offsets/offset-tracker.ts';

const rangesAbove = (offset: number) =>
  fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 })), { maxLength: 3_000 }).map((pairs) => {
    const ranges: OffsetRange[] = [];
    let at = offset;
    for (const [gap, run] of pairs) {
      ranges.push([at + gap, at + gap + run]);
      at += gap + run;
    }
    return ranges;
  });

const maps = fc
  .integer({ min: 0, max: 2 ** 40 })
  .chain((offset) =>
    fc.tuple(fc.constant(offset), fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9._-]{0,20}$/), rangesAbove(offset), { maxKeys: 4 })),
  );

describe('the finished-beyond map in the commit metadata', () => {
  it('is read back as it was, or shorter at the high end, and never grows past the limit (property)', () => {
    fc.assert(
      fc.property(maps, ([offset, agents]) => {
        const text = encodeFinished(offset, new Map(Object.entries(agents)));
        expect(text.length).toBeLessThanOrEqual(METADATA_LIMIT);
        const back = decodeFinished(offset, text);
        for (const [agent, ranges] of Object.entries(agents)) {
          const got = back.get(agent) ?? [];
          expect(got).toEqual(ranges.slice(0, got.length));
          if (text.length < METADATA_LIMIT / 8) expect(got).toEqual(ranges);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('has a first run of its own when an agent is ahead of the commit', () => {
    const text = encodeFinished(
      100,
      new Map([
        [
          'fast',
          [
            [100, 110],
            [112, 113],
          ] as OffsetRange[],
        ],
        ['slow', []],
      ]),
    );
    expect(text).toBe('s1;fast=a,2,1');
    expect(decodeFinished(100, text)).toEqual(
      new Map([
        [
          'fast',
          [
            [100, 110],
            [112, 113],
          ],
        ],
      ]),
    );
  });

  it('takes ranges that touch for one', () => {
    const ranges: OffsetRange[] = [
      [5, 7],
      [7, 9],
      [11, 12],
    ];
    expect(decodeFinished(5, encodeFinished(5, new Map([['agent', ranges]]))).get('agent')).toEqual([
      [5, 9],
      [11, 12],
    ]);
  });

  it.each([null, '', 'somebody else wrote this', 's2;a=1', 's1;a=1,x!', 's1;a=', 's1;=1', 's1;a=zzzzzzzzzzz,zzzzzzzzzzz'])(
    'reads %j as none',
    (metadata) => {
      expect(decodeFinished(0, metadata)).toEqual(new Map());
    },
  );

  it('answers for offsets in growing order', () => {
    const cursor = new FinishedCursor([
      [3, 5],
      [8, 9],
    ]);
    expect([0, 3, 4, 5, 8, 9].map((offset) => cursor.has(offset))).toEqual([false, true, true, false, true, false]);
  });

  it('says what is left from an offset on', () => {
    const ranges: OffsetRange[] = [
      [3, 5],
      [8, 12],
    ];
    const cursor = new FinishedCursor(ranges);
    expect(cursor.from(0)).toEqual(ranges);
    cursor.has(8);
    expect(cursor.from(9)).toEqual([[9, 12]]);
    expect(cursor.from(12)).toEqual([]);
  });
});
