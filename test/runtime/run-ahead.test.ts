import fc from 'fast-check';
import { each } from 'streamerjs';
import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/agents/agent.ts';
import { MadeRecords } from '../../src/kafka/index.ts';
import { decodeCommit, EXACT_LIMIT, runAheadOf } from '../../src/runtime/offsets/commit-metadata.ts';
import { freshStart } from '../../src/runtime/task/input-start.ts';
import type { DeclaredTable } from '../../src/tables/index.ts';
import { string } from '../../src/topics/index.ts';
import { runningTask } from './support/tasks.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const readable = { name: 'items', serdes: { key: string(), value: string() }, tombstones: 'skip' } as never;
const counts: DeclaredTable = {
  name: 'counts',
  changelog: 'app-counts-changelog',
  serdes: { key: string(), value: string() },
  isOrdered: false,
};
/** Kept short by a long name, so that the limit is met soon. */
const LIMIT = runAheadOf(['work'], ['counts'], 'tasks.1');

/** A task with a table whose events end when the test says so. */
async function stage(start = freshStart(0)) {
  const open = new Map<number, () => void>();
  const handle = each((_: unknown, { offset }) => new Promise<void>((resolve) => void open.set(Number(offset), resolve)));
  const agent = defineAgent('work', [readable], handle, { order: 'none' as never, concurrency: 100_000 });
  const made = await runningTask({
    agent,
    readable,
    tables: [counts],
    queueRecords: 100_000,
    start: { ...start, topicId: 'A'.repeat(22) },
  });
  const deliver = async (offsets: readonly number[]) => {
    const records = offsets.map((offset) => ({
      offset,
      key: Buffer.from(`k${offset}`),
      value: Buffer.from('v'),
      headers: {},
      timestamp: 0,
    }));
    made.input.deliver(new MadeRecords(records), (offsets.at(-1) ?? -1) + 1);
    for (let turns = 0; turns < 20; turns++) await turn();
  };
  const finish = async (offset: number) => {
    open.get(offset)?.();
    open.delete(offset);
    await turn();
  };
  return { ...made, open, deliver, finish };
}

describe('a task with tables', () => {
  it('lets no record in that is too far ahead, however large the gap before it, and goes on afterwards', async () => {
    const { open, deliver, finish, input } = await stage();
    await deliver([0, 1, LIMIT, 3 * LIMIT]);
    expect([...open.keys()]).toEqual([0, 1]);
    await finish(1);
    expect([...open.keys()]).toEqual([0]);
    await finish(0);
    for (let turns = 0; turns < 20; turns++) await turn();
    // Nothing was unfinished, so the next one was let in; and the one far behind it only when that had finished.
    expect([...open.keys()]).toEqual([LIMIT]);
    await finish(LIMIT);
    for (let turns = 0; turns < 20; turns++) await turn();
    expect([...open.keys()]).toEqual([3 * LIMIT]);
    expect(input.position).toBe(3 * LIMIT);
  });

  it('commits exactly what has finished, in metadata that fits, whatever finishes in which order (property)', async () => {
    const plan = fc.record({
      gaps: fc.array(fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: LIMIT }) }), {
        minLength: 5,
        maxLength: 60,
      }),
      picks: fc.array(fc.nat(), { minLength: 5, maxLength: 80 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ gaps, picks }) => {
        const { task, open, deliver, finish } = await stage();
        const offsets: number[] = [];
        for (const gap of gaps) offsets.push((offsets.at(-1) ?? -1) + 1 + gap);
        await deliver(offsets);
        const finished = new Set<number>();
        for (const pick of picks) {
          const inHand = [...open.keys()];
          const next = inHand[pick % Math.max(1, inHand.length)];
          if (next === undefined) break;
          await finish(next);
          finished.add(next);
          const cut = task.cut();
          const [commit] = cut?.offsets ?? [];
          await cut?.state?.promote();
          if (cut !== undefined) task.committed(cut);
          if (commit === undefined) continue;
          expect(commit.metadata?.length).toBeLessThanOrEqual(EXACT_LIMIT);
          const ranges = decodeCommit(commit.offset, commit.metadata).finished.get('work') ?? [];
          const isCovered = (offset: number) => offset < commit.offset || ranges.some(([from, to]) => offset >= from && offset < to);
          expect(offsets.filter(isCovered)).toEqual(offsets.filter((offset) => finished.has(offset)));
        }
      }),
      { numRuns: 25 },
    );
  });

  it('holds its cut while what was finished by an app with other limits does not fit', async () => {
    const far = Array.from({ length: 15_000 }, (_, at): [number, number] => [10 + 4 * at, 11 + 4 * at + (at % 3)]);
    const { task, deliver, finish } = await stage({ ...freshStart(0), finished: new Map([['work', far]]) });
    await deliver([0, 1]);
    await finish(1);
    expect(task.cut()).toBeUndefined();
  });
});
