import { each } from 'streamerjs';
import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/agents/agent.ts';
import { KafkaError } from '../../src/errors.ts';
import { type CommittedOffset, MadeRecords, type Subscription } from '../../src/kafka/index.ts';
import { AtLeastOnce } from '../../src/runtime/commit/at-least-once.ts';
import { Committer } from '../../src/runtime/commit/committer.ts';
import type { Tell } from '../../src/runtime/events/worker-events.ts';
import { deferred, systemClock } from '../../src/timing/index.ts';
import { string } from '../../src/topics/index.ts';
import { type Acknowledge, type MadeTask, runningTask } from './support/tasks.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
type Commit = (epoch: number, offsets: readonly CommittedOffset[]) => Promise<void>;

const readable = { name: 'items', serdes: { key: string(), value: string() }, tombstones: 'skip' } as never;
const out = { name: 'out', encode: () => ({ key: null, value: null }) } as never;
/** Sends one output for each event; it waits for its acknowledgement. */
const sending = defineAgent(
  'work',
  [readable],
  each((value) => value),
  { to: out },
);

interface Stage extends MadeTask {
  readonly acknowledge: Acknowledge[];
  readonly committer: Committer;
  readonly commits: Array<[epoch: number, offset: number, metadata: string | null]>;
  readonly told: unknown[];
  readonly failures: Array<[message: string, isFatal: boolean]>;
  deliver(...offsets: number[]): Promise<void>;
}

async function stage(answer: Commit = async () => {}): Promise<Stage> {
  const made = await runningTask({ agent: sending, readable });
  const commits: Stage['commits'] = [];
  const told: unknown[] = [];
  const failures: Stage['failures'] = [];
  const commit: Commit = (epoch, offsets) => {
    for (const { offset, metadata } of offsets) commits.push([epoch, offset, metadata]);
    return answer(epoch, offsets);
  };
  const committer = new Committer({
    cycle: new AtLeastOnce({ commit } as Partial<Subscription> as Subscription),
    intervalMs: 60_000,
    tasks: () => [made.task],
    clock: systemClock,
    tell: ((...event: unknown[]) => void told.push(event)) as Tell,
    failed: ({ message }, isFatal) => void failures.push([message, isFatal]),
  });
  const deliver = async (...offsets: number[]) => {
    const records = offsets.map((offset) => ({
      offset,
      key: Buffer.from(`k${offset}`),
      value: Buffer.from('v'),
      headers: {},
      timestamp: 0,
    }));
    made.input.deliver(new MadeRecords(records), (offsets.at(-1) ?? -1) + 1);
    await turn();
  };
  return { ...made, committer, commits, told, failures, deliver };
}

describe('at least once', () => {
  it('commits the first position of an assignment at once, and then only what has changed', async () => {
    const { committer, commits, told } = await stage();
    committer.begin(3);
    await committer.commit();
    await committer.commit();
    expect(commits).toEqual([[3, 0, '']]);
    expect(told).toEqual([['committed', { offsets: [expect.objectContaining({ offset: 0 })] }]]);
  });

  it('holds in a cut no event whose output is not acknowledged', async () => {
    const { committer, commits, acknowledge, deliver } = await stage();
    committer.begin(1);
    await deliver(0, 1, 2);
    await committer.commit();
    acknowledge[0]?.();
    acknowledge[2]?.();
    await committer.commit();
    acknowledge[1]?.();
    await committer.commit();
    expect(commits).toEqual([
      [1, 0, ''],
      [1, 1, 's1;work=0,1,1'],
      [1, 3, ''],
    ]);
  });

  it('commits what was finished at the moment of the cut, however long the commit takes', async () => {
    const written = deferred<void>();
    const { committer, commits, acknowledge, deliver } = await stage(() => written.promise);
    committer.begin(1);
    await turn();
    await deliver(0, 1);
    for (const each of acknowledge) each();
    const second = committer.commit();
    await turn();
    expect([commits, committer.underWay?.offset]).toEqual([[[1, 0, '']], 0]);
    written.resolve();
    await second;
    expect([commits.at(-1), committer.underWay]).toEqual([[1, 2, ''], undefined]);
  });

  it('repeats the same cut after a transient error, though more has finished meanwhile', async () => {
    let calls = 0;
    const { committer, commits, failures, acknowledge, deliver } = await stage(async () => {
      if (++calls > 2) return;
      await deliver(calls - 1);
      acknowledge[calls - 1]?.();
      throw new KafkaError('retry', 'not now');
    });
    committer.begin(1);
    await committer.commit();
    expect(commits.map(([, offset]) => offset)).toEqual([0, 0, 0, 2]);
    expect(failures).toEqual([
      ['not now', false],
      ['not now', false],
    ]);
  });

  it('leaves to the next cut what could not be committed', async () => {
    let isDown = true;
    const { committer, commits, told } = await stage(async () => {
      if (isDown) throw new Error('broken pipe');
    });
    committer.begin(1);
    await committer.commit();
    expect([commits.length, told]).toEqual([6, []]);
    isDown = false;
    await committer.commit();
    expect([commits.length, told.length]).toEqual([7, 1]);
  });

  it('drops the cut of an epoch that is over, silently, and commits it under the next', async () => {
    const { committer, commits, failures } = await stage(async (epoch) => {
      if (epoch === 1) throw new KafkaError('stale', 'the epoch is over');
    });
    committer.begin(1);
    await turn();
    committer.begin(2);
    await committer.commit();
    expect(commits.map(([epoch]) => epoch)).toEqual([1, 2]);
    expect(failures).toEqual([]);
  });

  it('ends the worker when the commit is refused for good', async () => {
    const { committer, failures } = await stage(async () => {
      throw new KafkaError('fatal', 'not allowed');
    });
    committer.begin(1);
    await committer.commit();
    expect(failures.at(0)).toEqual(['not allowed', true]);
  });

  it('refuses changelog records, which it cannot commit together with the offsets', async () => {
    const cycle = new AtLeastOnce({ commit: async () => {} } as Partial<Subscription> as Subscription);
    const { task } = await stage();
    cycle.begin(1);
    const record = { topic: 'log', partition: 0, key: null, value: null };
    const cut = { epoch: 1, tasks: new Map([[task, { offsets: [], changelog: [record] }]]) };
    await expect(cycle.commit(cut)).rejects.toMatchObject({ reason: 'fatal' });
  });
});
