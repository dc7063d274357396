import { each } from 'streamerjs';
import { expect, it } from 'vitest';
import { defineAgent } from '../../src/agents/agent.ts';
import type { Handler } from '../../src/agents/each.ts';
import { MadeRecords } from '../../src/kafka/index.ts';
import { decodeFinished, encodeFinished } from '../../src/runtime/offsets/finished-map.ts';
import type { OffsetRange } from '../../src/runtime/offsets/offset-tracker.ts';
import type { Input } from '../../src/runtime/task/input.ts';
import { bytes, optional } from '../../src/topics/index.ts';
import { runningTask } from './support/tasks.ts';

/**
 * Offsets 5 to 9 were finished, 4 was not, when the partition was handed over. The new owner commits at once, may read a
 * part of them again or nothing, and hands the partition over itself.
 */
const before = new Map<string, OffsetRange[]>([['work', [[5, 10]]]]);
const record = (offset: number) => ({
  offset,
  key: Buffer.from(`k${offset}`),
  value: Buffer.from('v'),
  headers: {},
  timestamp: 0,
});

async function owning(handler: Handler<unknown, unknown, never>): Promise<Input> {
  const readable = { name: 'items', serdes: { key: optional(bytes()), value: bytes() }, tombstones: 'skip' } as never;
  const agent = defineAgent('work', [readable], each(handler), { concurrency: 8 });
  const start = { position: 4, finished: before, metadata: encodeFinished(4, before) };
  return (await runningTask({ agent, readable, start })).input;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('a new owner that has read nothing yet commits nothing that forgets what was finished', async () => {
  expect((await owning(() => {})).uncommitted()).toBeUndefined();
});

it('a new owner that has read a part of it commits the rest of it too', async () => {
  const seen: number[] = [];
  const owner = await owning((_value, { offset }) => {
    seen.push(offset);
    return new Promise<never>(() => {});
  });
  owner.deliver(new MadeRecords([4, 5, 6].map(record)), 7);
  await turn();
  expect(owner.uncommitted()).toBeUndefined();
  expect(seen).toEqual([4]);
});

it('keeps what was finished beyond when the position moves on', async () => {
  const owner = await owning(() => {});
  owner.deliver(new MadeRecords([record(4)]), 5);
  await turn();
  const commit = owner.uncommitted();
  expect(commit?.offset).toBe(5);
  expect(decodeFinished(5, commit?.metadata ?? null)).toEqual(before);
});
