import { each } from 'streamerjs';
import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../../src/agents/agent.ts';
import type { CommittedOffset } from '../../../src/kafka/index.ts';
import { decodeCommit, encodeExact } from '../../../src/runtime/offsets/commit-metadata.ts';
import type { TaskCut } from '../../../src/runtime/task/task-cut.ts';
import { counts, entriesOf, readable, type StateTask, stateTask } from '../support/tables.ts';
import { makeTask } from '../support/tasks.ts';

/** A task that has counted, with what it has committed. */
async function committed(): Promise<{ made: StateTask; cut: TaskCut }> {
  const table = counts();
  const made = await stateTask(
    [table],
    each((_value, { key }) => void table.update(key, (n = 0) => n + 1)),
  );
  await made.deliver('a', 'b');
  const cut = made.task.cut();
  if (cut === undefined) throw new Error('there is nothing to commit');
  made.task.committed(cut);
  await cut.state?.promote();
  return { made, cut };
}

/** Where the inputs would start from these commits. */
function startsOf(offsets: readonly CommittedOffset[]) {
  return offsets.map(({ topic, partition, offset, metadata }) => ({
    ...{ topic, partition, position: offset, metadata: metadata ?? '' },
    finished: decodeCommit(offset, metadata).finished,
  }));
}

/** The same commit as somebody else writes it. */
function byOther({ offset, metadata, ...place }: CommittedOffset): CommittedOffset {
  const { finished, mark } = decodeCommit(offset, metadata);
  if (mark === undefined) throw new Error('the commit has no mark');
  return { ...place, offset, metadata: encodeExact(offset, finished, { ...mark, writer: 'other.1' }) };
}

describe('a task with tables that is assigned again', () => {
  it('goes on from its own last commit', async () => {
    const { made, cut } = await committed();
    expect(made.task.goesOnFrom(startsOf(cut.offsets))).toBe(true);
  });

  it('does not go on when the partition was elsewhere for a generation, though the offset is its own', async () => {
    const { made, cut } = await committed();
    expect(made.task.goesOnFrom(startsOf(cut.offsets.map(byOther)))).toBe(false);
  });

  it('counts a cut as committed whose transaction got no answer, when the group has it', async () => {
    const { made } = await committed();
    await made.deliver('a');
    const cut = made.task.cut();
    expect([entriesOf(cut), made.task.state?.shards.get('counts')?.number]).toEqual([{ a: 2 }, 1]);
    expect(made.task.goesOnFrom(startsOf(cut?.offsets ?? []))).toBe(true);
    await expect.poll(() => made.task.state?.hasCut).toBe(false);
    expect([made.task.state?.shards.get('counts')?.number, made.task.cut()]).toEqual([2, undefined]);
  });

  it('writes a cut again that got no answer, when the group has the one before', async () => {
    const { made, cut: first } = await committed();
    await made.deliver('a');
    const cut = made.task.cut();
    await made.deliver('a');
    expect(made.task.goesOnFrom(startsOf(first.offsets))).toBe(true);
    expect(made.task.cut()).toBe(cut);
    if (cut !== undefined) made.task.committed(cut);
    await cut?.state?.promote();
    expect(entriesOf(made.task.cut())).toEqual({ a: 3 });
  });

  it('is not cut before it is restored: its numbers are not those of the changelog', async () => {
    let finish: () => void = () => {};
    const restored = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const table = counts();
    const agent = defineAgent(
      'work',
      [readable],
      each(() => {}),
      { tables: [table] },
    );
    const { task } = makeTask({ agent, readable, tables: [table], restore: () => restored });
    const running = task.run();
    expect(task.cut()).toBeUndefined();
    finish();
    await running;
    expect(task.cut()?.offsets).toHaveLength(1);
  });
});
