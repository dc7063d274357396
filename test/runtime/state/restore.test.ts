import { setImmediate as nextTurn } from 'node:timers/promises';
import { each } from 'streamerjs';
import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../../src/agents/agent.ts';
import {
  type FetchedSlice,
  type KafkaAdmin,
  type KafkaReader,
  type KafkaRecord,
  MadeRecords,
  type ReadRange,
} from '../../../src/kafka/index.ts';
import { Fencing } from '../../../src/runtime/group/fencing.ts';
import { Restorer } from '../../../src/runtime/restore/restorer.ts';
import { TaskState } from '../../../src/runtime/state/task-state.ts';
import { freshStart } from '../../../src/runtime/task/input-start.ts';
import { Task } from '../../../src/runtime/task/task.ts';
import { AgentRuntime } from '../../../src/runtime/work/agent-runtime.ts';
import { CUT_KEY, encodeChangelogValue, encodeCutNumber } from '../../../src/tables/index.ts';
import { systemClock } from '../../../src/timing/index.ts';
import { counts, readable } from '../support/tables.ts';
import { servicesOf } from '../support/tasks.ts';

type Entry = readonly [key: string, value: number | null];

function recordsOf(entries: readonly Entry[], from: number): KafkaRecord[] {
  return entries.map(([key, number], at) => {
    const bytes = Buffer.alloc(8);
    if (number !== null) bytes.writeDoubleBE(number);
    const value = number === null ? null : encodeChangelogValue({ timestamp: 0, value: bytes });
    return { offset: from + at, key: Buffer.from(key), value, headers: {}, timestamp: 0 };
  });
}

function cutRecord(offset: number, number: number): KafkaRecord {
  return { offset, key: CUT_KEY, value: encodeCutNumber(number), headers: {}, timestamp: 0 };
}

interface Stage {
  readonly told: Array<readonly [string, ...unknown[]]>;
  /** What was asked to be read, in order. */
  readonly asked: ReadRange[];
  /** Partitions whose ends were asked for, and whether uncommitted records counted. */
  readonly ends: string[];
  readonly fenced: string[];
  task(partition: number, numbers?: ReadonlyMap<string, number>): Task;
  /** Has the log of a partition brought a slice, or come to its end. */
  slice(partition: number, records: readonly KafkaRecord[], nextOffset: number): void;
}

/** A worker's restores on logs that bring what the test says. */
function stage(end: number, stable: () => number = () => end, onOffsetsMoved: 'stop' | 'keepState' = 'stop'): Stage {
  const told: Stage['told'] = [];
  const asked: ReadRange[] = [];
  const ends: string[] = [];
  const fenced: string[] = [];
  const waiting = new Map<number, (slice: FetchedSlice) => void>();
  const arrived = new Map<number, FetchedSlice[]>();
  const next = (partition: number, signal: AbortSignal | undefined) =>
    new Promise<FetchedSlice | undefined>((resolve) => {
      const [first, ...rest] = arrived.get(partition) ?? [];
      arrived.set(partition, rest);
      if (first !== undefined) return resolve(first);
      waiting.set(partition, resolve);
      signal?.addEventListener('abort', () => resolve(undefined));
    });
  const reader: KafkaReader = {
    async *read(ranges, signal) {
      asked.push(...ranges);
      for (const { partition, to = 0 } of ranges) {
        for (let slice = await next(partition, signal); slice !== undefined; slice = await next(partition, signal)) {
          yield slice;
          if (slice.nextOffset >= to) break;
        }
      }
    },
    close: async () => {},
  };
  const watermarks: KafkaAdmin['watermarks'] = async (topic, { isolation = 'uncommitted' } = {}) => {
    ends.push(isolation);
    return [0, 1].map((partition) => ({ topic, partition, earliest: 0, latest: isolation === 'committed' ? stable() : end }));
  };
  const fencing = new Fencing(async (id) => void fenced.push(id));
  fencing.learn(['gone.1', 'here.1']);
  fencing.begin(['here.1']);
  const restorer = new Restorer({
    client: { reader: async () => reader },
    admin: async () => ({ watermarks }) as Partial<KafkaAdmin> as KafkaAdmin,
    renewAdmin: () => {},
    fencing,
    onOffsetsMoved,
    clock: systemClock,
    tell: ((...event: [string, ...unknown[]]) => void told.push(event)) as never,
  });
  const table = counts();
  const agent = defineAgent(
    'work',
    [readable],
    each(() => {}),
    { tables: [table] },
  );
  const services = servicesOf([]);
  const task = (partition: number, numbers: ReadonlyMap<string, number> = new Map([['counts', 1]])) => {
    const plan = { readable, runtimes: [new AgentRuntime(agent, services)], partitions: 2 } as never;
    const start = { ...freshStart(0), topicId: 'A'.repeat(22), numbers };
    const limits = { queueRecords: 100, queueBytes: 1_000_000, onUnreadable: 'stop' } as const;
    const fetching = { pause: () => {}, resume: () => {} };
    const context = { services, limits, fetching, restore: restorer.restore, writer: 'here.1' };
    return new Task(partition, [{ partition: { topic: 'items', partition }, plan, start }], context, new TaskState([table], partition));
  };
  const slice = (partition: number, records: readonly KafkaRecord[], nextOffset: number) => {
    const brought = { partition: { topic: table.changelog, partition }, records: new MadeRecords([...records]), nextOffset };
    const resolve = waiting.get(partition);
    waiting.delete(partition);
    if (resolve !== undefined) resolve(brought);
    else arrived.set(partition, [...(arrived.get(partition) ?? []), brought]);
  };
  return { told, asked, ends, fenced, task, slice };
}

const contentOf = (task: Task) =>
  Object.fromEntries(
    [...(task.state?.shards.get('counts')?.shard.base.entries() ?? [])].map(({ key, value }) => [String(key), value.readDoubleBE()]),
  );

describe('a restore', () => {
  it('fills the tables up to the end that counts uncommitted records, deletions and gaps included', async () => {
    const { task, slice, asked, ends, told } = stage(100);
    const made = task(0);
    const running = made.run();
    slice(
      0,
      recordsOf(
        [
          ['a', 1],
          ['b', 2],
          ['a', 3],
          ['b', null],
        ],
        0,
      ),
      50,
    );
    slice(0, [...recordsOf([['c', 4]], 80), cutRecord(81, 1)], 100);
    await running;
    expect(contentOf(made)).toEqual({ a: 3, c: 4 });
    expect([made.phase.current, made.state?.shards.get('counts')?.number]).toEqual(['running', 1]);
    expect(asked).toEqual([{ topic: 'tasks-counts-changelog', partition: 0, from: 0, to: 100 }]);
    expect(ends[0]).toBe('uncommitted');
    expect(told.at(-1)).toEqual(['restored', expect.objectContaining({ records: 6, offsets: 100, total: 100, tasks: 0 })]);
  });

  it('lets a task run whose tables are ready, while another one restores', async () => {
    const { task, slice } = stage(10);
    const [first, second] = [task(0), task(1)];
    const running = [first.run(), second.run()];
    slice(1, [cutRecord(9, 1)], 10);
    await running[1];
    expect([first.phase.current, second.phase.current]).toEqual(['restoring', 'running']);
    slice(0, [cutRecord(9, 1)], 10);
    await running[0];
    expect(first.phase.current).toBe('running');
  });

  it('keeps what it has read through a rebalance', async () => {
    const { task, slice, asked } = stage(10);
    const made = task(0);
    const before = made.run();
    slice(0, recordsOf([['a', 1]], 0), 5);
    await expect.poll(() => contentOf(made)).toEqual({ a: 1 });
    await made.drain();
    const after = made.run();
    slice(0, [...recordsOf([['b', 2]], 5), cutRecord(9, 1)], 10);
    await Promise.all([before, after]);
    expect([contentOf(made), made.phase.current]).toEqual([{ a: 1, b: 2 }, 'running']);
    expect(asked.map(({ from }) => from)).toEqual([0]);
  });

  it('lets go of the thread between slices of its work', async () => {
    const { task, slice } = stage(90_000);
    const made = task(0);
    const running = made.run();
    let isOver = false;
    let turns = 0;
    const watch = (async () => {
      for (; !isOver; turns++) await nextTurn();
    })();
    const many = recordsOf(
      Array.from({ length: 60_000 }, (_, at): Entry => [`k${at}`, at]),
      0,
    );
    slice(0, [...many, cutRecord(89_999, 1)], 90_000);
    await running;
    isOver = true;
    await watch;
    // The work takes longer than ten slices; in one go it would leave two or three turns.
    expect(turns).toBeGreaterThan(8);
  });

  it.each([
    [new Map([['counts', 2]]), 'cut 2 of table "counts" is committed with the offset, and the changelog has cut 1'],
    [new Map(), 'cut 0 of table "counts" is committed with the offset, and the changelog has cut 1'],
  ])('is refused when the offsets belong to another cut: %j', async (numbers, message) => {
    const { task, slice } = stage(10);
    const made = task(0, numbers);
    const running = made.run();
    slice(0, [cutRecord(9, 1)], 10);
    await expect(running).rejects.toMatchObject({ code: 'REFUSED', message: expect.stringContaining(message) });
    expect(made.phase.current).toBe('restoring');
  });

  it('goes on with the tables as they are when told so', async () => {
    const { task, slice } = stage(10, undefined, 'keepState');
    const made = task(0, new Map());
    const running = made.run();
    slice(0, [...recordsOf([['a', 7]], 0), cutRecord(9, 3)], 10);
    await running;
    expect([contentOf(made), made.state?.shards.get('counts')?.number]).toEqual([{ a: 7 }, 3]);
  });

  it.each([
    ['has no key', { key: null, value: Buffer.from([1, 0, 1]) }],
    ['format 9', { key: Buffer.from('a'), value: Buffer.from([9, 0, 1]) }],
  ])('is refused for a record that no table has written: %s', async (what, { key, value }) => {
    const { task, slice, told } = stage(10);
    const running = task(0).run();
    slice(0, [{ offset: 4, key, value, headers: {}, timestamp: 0 }], 10);
    await expect(running).rejects.toMatchObject({ message: expect.stringContaining(what), place: { offset: 4, partition: 0 } });
    expect(told).toEqual([]);
  });

  it('ends transactions of members that are gone where they hold it up, and no others', async () => {
    let stable = 4;
    const { task, slice, fenced } = stage(10, () => stable);
    const made = task(0);
    const running = made.run();
    await expect.poll(() => fenced).toEqual(['gone.1']);
    stable = 10;
    slice(0, [cutRecord(3, 1)], 10);
    await running;
    expect(fenced).toEqual(['gone.1']);
  });
});
