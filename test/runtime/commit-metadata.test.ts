import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCommit, EXACT_LIMIT, encodeExact, runAheadOf } from '../../src/runtime/offsets/commit-metadata.ts';
import { decodeFinished, encodeFinished } from '../../src/runtime/offsets/finished-map.ts';
import type { OffsetRange } from '../../src/runtime/offsets/offset-tracker.ts';

const name = fc.stringMatching(/^[a-zA-Z0-9._-]{1,100}$/);
const mark = fc.record({
  topicId: fc.stringMatching(/^[\w-]{22}$/),
  writer: fc.stringMatching(/^[a-zA-Z0-9._-]{10,113}$/),
  numbers: fc
    .uniqueArray(name, { maxLength: 5 })
    .chain((tables) =>
      fc
        .array(fc.maxSafeNat(), { minLength: tables.length, maxLength: tables.length })
        .map((all) => new Map(tables.map((table, i) => [table, all[i] ?? 0]))),
    ),
});

/** Random sets of finished offsets, as dense or thin as they come: some are best as runs, some as a bitmap. */
const finishedIn = (length: number) =>
  fc
    .oneof(
      fc.uint8Array({ minLength: Math.ceil(length / 8), maxLength: Math.ceil(length / 8) }),
      fc
        .array(fc.constantFrom(0, 0, 0, 0, 1, 128, 255, 254), { minLength: Math.ceil(length / 8), maxLength: Math.ceil(length / 8) })
        .map((list) => Uint8Array.from(list)),
      fc.constantFrom(0x55, 0xaa, 0x00, 0xff).map((byte) => new Uint8Array(Math.ceil(length / 8)).fill(byte)),
    )
    .map((bits) => Array.from({ length }, (_, at) => ((bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0));

function rangesOf(offset: number, finished: readonly boolean[]): OffsetRange[] {
  const ranges: OffsetRange[] = [];
  for (const [at, isFinished] of finished.entries()) {
    const last = ranges.at(-1);
    if (!isFinished) continue;
    if (last !== undefined && last[1] === offset + at) ranges[ranges.length - 1] = [last[0], offset + at + 1];
    else ranges.push([offset + at, offset + at + 1]);
  }
  return ranges;
}

describe('metadata of a commit, format 2', () => {
  it('is read back exactly (property)', () => {
    const commits = fc.record({
      offset: fc.integer({ min: 0, max: 2 ** 45 }),
      mark,
      agents: fc
        .uniqueArray(name, { minLength: 1, maxLength: 3 })
        .chain((names) => fc.tuple(...names.map((agent) => fc.tuple(fc.constant(agent), finishedIn(500))))),
    });
    fc.assert(
      fc.property(commits, ({ offset, mark: own, agents }) => {
        const finished = new Map(
          agents.map(([agent, list]) => [agent, rangesOf(offset, list)]).filter(([, list]) => list?.length !== 0) as Array<
            [string, OffsetRange[]]
          >,
        );
        expect(decodeCommit(offset, encodeExact(offset, finished, own))).toEqual({ finished, mark: own });
      }),
      { numRuns: 300 },
    );
  });

  it('always fits when nothing was let in beyond the run-ahead, whatever is finished (property)', () => {
    const apps = fc.record({
      agents: fc.uniqueArray(name, { minLength: 1, maxLength: 6 }),
      mark,
      seed: fc.integer({ min: 0, max: 255 }),
    });
    fc.assert(
      fc.property(apps, ({ agents, mark: own, seed }) => {
        const limit = runAheadOf(agents, [...own.numbers.keys()], own.writer);
        expect(limit).toBeGreaterThan(500);
        const finished = Array.from({ length: limit }, (_, at) =>
          at === limit - 1 ? true : at % 8 === 0 ? false : ((seed * 31 + at * 7919) & 4) !== 0,
        );
        const map = new Map(agents.map((agent) => [agent, rangesOf(9_000, finished)]));
        expect(encodeExact(9_000, map, own).length).toBeLessThanOrEqual(EXACT_LIMIT);
      }),
      { numRuns: 200 },
    );
  });

  it('lets one agent with one table run ahead by 10,000 offsets, and six agents by 3,000 each', () => {
    const writer = `orders.${'x'.repeat(12)}`;
    expect(runAheadOf(['count'], ['counts'], writer)).toBe(10_000);
    expect(runAheadOf(['a', 'b', 'c', 'd', 'e', 'f'], ['counts'], writer)).toBe(3_000);
  });

  it('writes runs or a bitmap, whichever is shorter', () => {
    const own = { topicId: 'A'.repeat(22), writer: 'app.1', numbers: new Map([['counts', 36]]) };
    const thin: OffsetRange[] = [[103, 104]];
    const mixed = Array.from({ length: 40 }, (_, at): OffsetRange => [101 + 2 * at, 102 + 2 * at]);
    expect(encodeExact(100, new Map([['count', thin]]), own)).toBe(
      `s2;${'A'.repeat(22)};app.1;counts=10;count=b${Buffer.from([8]).toString('base64url')}`,
    );
    expect(encodeExact(100, new Map([['count', [[105, 9_000]]]]), own)).toMatch(/;count=r0,5,6v3$/);
    expect(encodeExact(100, new Map([['count', mixed]]), own).length).toBeLessThan(70);
    expect(encodeExact(100, new Map([['count', []]]), own)).toBe(`s2;${'A'.repeat(22)};app.1;counts=10`);
  });

  it.each([
    null,
    '',
    'of somebody else',
    's2',
    's2;id;me',
    's2;id;me;counts=x!',
    's2;id;me;;count=q1',
    's2;id;me;;count=',
    's2;id;me;;a=rzzzzzzzzzzz,zzzzzzzzzzz',
  ])('reads %j as a commit without a mark', (metadata) => {
    expect(decodeCommit(0, metadata)).toEqual({ finished: new Map(), mark: undefined });
  });

  it('is not needed to read what an app without tables has committed, nor the other way round', () => {
    const finished = new Map([['count', [[7, 9]] as OffsetRange[]]]);
    expect(decodeCommit(5, encodeFinished(5, finished))).toEqual({ finished, mark: undefined });
    const text = encodeExact(5, finished, { topicId: 'id', writer: 'me', numbers: new Map() });
    expect(decodeFinished(5, text)).toEqual(new Map());
    expect(decodeCommit(5, text).finished).toEqual(finished);
  });
});
