import { each } from 'streamerjs';
import { describe, expect, it } from 'vitest';
import { KafkaError } from '../../../src/errors.ts';
import { type CommittedOffset, type OutputRecord, RefusedRecordsError, TransactionError } from '../../../src/kafka/index.ts';
import { Telemetry } from '../../../src/observe/index.ts';
import { Transactional } from '../../../src/runtime/commit/transactional.ts';
import { isCutKey } from '../../../src/tables/index.ts';
import { counts, out, type StateTask, stateTask, turn } from '../support/tables.ts';

type Write = (records: readonly OutputRecord[], offsets: readonly CommittedOffset[]) => Promise<void>;

function cycleOf(write: Write) {
  const told: unknown[] = [];
  const telemetry = new Telemetry();
  const cycle = new Transactional({
    subscription: { member: (epoch) => ({ groupId: 'g', generationId: epoch, memberId: 'm' }) },
    transactions: { write: (records, _member, offsets) => write(records, offsets) },
    tableOf: (changelog) => (changelog === 'tasks-counts-changelog' ? 'counts' : undefined),
    telemetry,
    tell: ((...event: unknown[]) => void told.push(event)) as never,
  });
  cycle.begin(1);
  return { cycle, told, total: (outcome: string) => telemetry.total('transactions_total', { outcome }) };
}

async function counting(options: object = {}): Promise<StateTask> {
  const table = counts();
  return stateTask(
    [table],
    each((value, { key }) => {
      table.update(key, (n = 0) => n + 1);
      return value;
    }),
    options,
  );
}

const keysOf = (records: readonly OutputRecord[]) => records.flatMap(({ key }) => (key === null || isCutKey(key) ? [] : [String(key)]));

describe('the transactions of a worker', () => {
  it('leave out a task whose outputs are not acknowledged, and have its cut as it was when they are', async () => {
    const [waiting, ready] = [await counting({ to: out }), await counting()];
    const written: string[][] = [];
    const { cycle, total } = cycleOf(async (records) => void written.push(keysOf(records)));
    const tasks = [waiting.task, ready.task];
    await waiting.deliver('a');
    await ready.deliver('b');
    const first = cycle.cut(tasks);
    if (first !== undefined) await cycle.commit(first);
    await waiting.deliver('c');
    expect(cycle.cut(tasks)).toBeUndefined();
    waiting.acknowledge[0]?.();
    await turn();
    const second = cycle.cut(tasks);
    if (second !== undefined) await cycle.commit(second);
    expect([written, total('committed')]).toEqual([[['b'], ['a']], 2]);
    expect(waiting.task.state?.shards.get('counts')?.shard.dirtyEntries).toBe(1);
  });

  it('are written again with the same cut, whatever has finished meanwhile', async () => {
    const made = await counting();
    const written: Array<[keys: string[], offset: number | undefined]> = [];
    let isDown = true;
    const { cycle, told, total } = cycleOf(async (records, offsets) => {
      written.push([keysOf(records), offsets[0]?.offset]);
      if (isDown) throw new TransactionError('unknown', 'retry', 'no answer');
    });
    await made.deliver('a');
    const cut = cycle.cut([made.task]);
    if (cut === undefined) throw new Error('there is nothing to commit');
    await expect(cycle.commit(cut)).rejects.toMatchObject({ reason: 'retry' });
    await cycle.abort();
    await made.deliver('b');
    isDown = false;
    for (let next = cycle.cut([made.task]); next !== undefined; next = cycle.cut([made.task])) await cycle.commit(next);
    expect(written).toEqual([
      [['a'], 1],
      [['a'], 1],
      [['b'], 2],
    ]);
    expect([told.length, total('unknown'), total('committed'), made.content()]).toEqual([1, 1, 2, { a: 1, b: 1 }]);
  });

  it('do not hold a task that was closed since the cut', async () => {
    const [closed, live] = [await counting(), await counting()];
    const written: string[][] = [];
    const { cycle } = cycleOf(async (records) => void written.push(keysOf(records)));
    await closed.deliver('a');
    await live.deliver('b');
    const cut = cycle.cut([closed.task, live.task]);
    closed.task.close(new KafkaError('stale', 'gone'));
    if (cut !== undefined) await cycle.commit(cut);
    expect(written).toEqual([['b']]);
  });

  it('end the worker when the changelog refuses an entry, naming table and key', async () => {
    const made = await counting();
    const refusal = new RefusedRecordsError(new Map([[0, new KafkaError('refused', 'too large', { kafkaCode: 'MESSAGE_TOO_LARGE' })]]), []);
    const { cycle } = cycleOf(async () => {
      throw new TransactionError('aborted', 'refused', 'too large', { cause: refusal });
    });
    await made.deliver('a');
    const cut = cycle.cut([made.task]);
    if (cut === undefined) throw new Error('there is nothing to commit');
    await expect(cycle.commit(cut)).rejects.toMatchObject({
      reason: 'fatal',
      message: expect.stringContaining('table "counts": the changelog refuses the entry of key "a"'),
    });
  });
});
