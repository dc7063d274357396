import { describe, expect, it } from 'vitest';
import { KafkaError, StreamerError } from '../../src/errors.ts';
import { type CommittedOffset, type KafkaAdmin, type LogPosition, readPositions, type Subscription } from '../../src/kafka/index.ts';
import { startOf } from '../../src/runtime/group/start-position.ts';
import { takeOver } from '../../src/runtime/group/take-over.ts';
import { encodeFinished } from '../../src/runtime/offsets/finished-map.ts';
import { UNCOMMITTED } from '../../src/runtime/task/input-start.ts';
import type { Clock } from '../../src/timing/index.ts';

const tp = { topic: 'items', partition: 0 };

/** A group whose broker answers as the test says; a second passes with every pause. */
function stage(committed: (call: number) => Promise<CommittedOffset[]>) {
  const seen = { warnings: [] as string[], renewed: 0, rejoined: [] as Array<[number, string]>, pauses: 0 };
  let now = 0;
  let calls = 0;
  const clock: Clock = {
    now: () => now,
    after: (ms, callback) => {
      now += ms;
      seen.pauses++;
      setImmediate(callback);
      return { cancel: () => {} };
    },
  };
  const subscription = {
    committed: () => committed(++calls),
    rejoin: (epoch, reason) => void seen.rejoined.push([epoch, reason.message]),
  } as Partial<Subscription> as Subscription;
  const admin = { watermarks: async () => [{ ...tp, earliest: 2, latest: 9 }] } as Partial<KafkaAdmin> as KafkaAdmin;
  const renewAdmin = () => void seen.renewed++;
  const warn = ({ message }: StreamerError) => void seen.warnings.push(message);
  const parts = { subscription, renewAdmin, clock, closing: new AbortController().signal, warn };
  const take = (isCurrent = () => true) => takeOver(parts, { read: () => readPositions(subscription, admin, [tp]), epoch: 7, isCurrent });
  return { seen, take };
}

const position: LogPosition = { ...tp, earliest: 2, latest: 9, committed: 5, metadata: 'm' };

describe('taking over an assignment', () => {
  it('reads what the group has committed and what the log holds', async () => {
    const { take } = stage(async () => [{ ...tp, offset: 5, metadata: 'm' }]);
    expect(await take()).toEqual([position]);
  });

  it('waits for a transient error, on another connection of the admin', async () => {
    const { seen, take } = stage(async (call) => {
      if (call < 3) throw new KafkaError('retry', 'the coordinator moves');
      return [{ ...tp, offset: -1, metadata: null }];
    });
    expect(await take()).toEqual([{ ...position, committed: undefined, metadata: null }]);
    expect(seen).toMatchObject({ warnings: ['the coordinator moves', 'the coordinator moves'], renewed: 2, rejoined: [] });
  });

  it('joins again when it has taken too long', async () => {
    const { seen, take } = stage(async () => {
      throw new KafkaError('retry', 'no answer');
    });
    expect(await take()).toBeUndefined();
    expect(seen.rejoined).toEqual([[7, 'no answer']]);
    expect(seen.pauses).toBeGreaterThan(5);
  });

  it('rejects with an error that no time will fix', async () => {
    const { seen, take } = stage(async () => {
      throw new StreamerError('REFUSED', 'not allowed');
    });
    await expect(take()).rejects.toMatchObject({ message: 'not allowed' });
    expect(seen.warnings).toEqual([]);
  });

  it('gives up silently once another assignment has come, however it went', async () => {
    const good = stage(async () => [{ ...tp, offset: 5, metadata: 'm' }]);
    expect(await good.take(() => false)).toBeUndefined();
    const bad = stage(async () => {
      throw new StreamerError('REFUSED', 'not allowed');
    });
    expect(await bad.take(() => false)).toBeUndefined();
    expect([good.seen.warnings, bad.seen.warnings, bad.seen.rejoined]).toEqual([[], [], []]);
  });
});

describe('a partition starts', () => {
  it('at its commit, with what is finished beyond it', () => {
    const finished = new Map([['work', [[6, 8]] as const]]);
    const metadata = encodeFinished(5, finished);
    const start = startOf({ ...position, metadata }, 'stop');
    expect(start).toEqual({ position: 5, metadata, finished: new Map([['work', [[6, 8]]]]) });
  });

  it('at the first record without a commit, and that position is committed', () => {
    expect(startOf({ ...position, committed: undefined, metadata: null }, 'latest')).toMatchObject({ position: 2, metadata: UNCOMMITTED });
  });

  it.each([
    [1, 'records were deleted'],
    [10, 'the topic was recreated'],
  ])('as the policy says when the log does not hold the commit: %s', (committed, cause) => {
    const gone = { ...position, committed };
    expect(() => startOf(gone, 'stop')).toThrow(cause);
    expect([startOf(gone, 'earliest').position, startOf(gone, 'latest').position]).toEqual([2, 9]);
  });

  it.each([2, 9])('at %s, an end of the log, as at any other offset', (committed) => {
    expect(startOf({ ...position, committed, metadata: null }, 'stop').position).toBe(committed);
  });
});
