import { describe, expect, it } from 'vitest';
import { TaskState } from '../../../src/runtime/state/task-state.ts';
import { decodeChangelogValue, decodeCutNumber, EventState, isCutKey } from '../../../src/tables/index.ts';
import { counts } from '../support/tables.ts';

function made() {
  const state = new TaskState([counts('one'), counts('two')], 3);
  const write = (table: string, key: string, value: string | null, timestamp = 7) => {
    const shard = state.shards.get(table)?.shard;
    const event = new EventState(timestamp);
    if (shard !== undefined) event.set(shard, Buffer.from(key), value === null ? null : Buffer.from(value));
    event.apply();
  };
  const base = (table: string) =>
    Object.fromEntries([...(state.shards.get(table)?.shard.base.entries() ?? [])].map(({ key, value }) => [String(key), String(value)]));
  return { state, write, base };
}

describe('the state of a task', () => {
  it('cuts one record a key, with the time of its event, and one with the number of the cut for each partition that is written', () => {
    const { state, write } = made();
    write('one', 'a', '1', 5);
    write('one', 'a', '2', 6);
    write('one', 'b', null);
    const records = state.cut();
    expect(new Set(records.map(({ topic, partition }) => `${topic}/${partition}`))).toEqual(new Set(['tasks-one-changelog/3']));
    const [first, second, last] = records;
    expect([String(first?.key), first?.value && decodeChangelogValue(first.value)]).toEqual([
      'a',
      { timestamp: 6, value: Buffer.from('2') },
    ]);
    expect([String(second?.key), second?.value]).toEqual(['b', null]);
    expect([last?.key && isCutKey(last.key), last?.value && decodeCutNumber(last.value)]).toEqual([true, 1]);
    expect(Object.fromEntries(state.numbers)).toEqual({ one: 1, two: 0 });
  });

  it('counts a cut for the tables that it wrote when it is committed', async () => {
    const { state, write, base } = made();
    write('one', 'a', '1');
    state.cut();
    write('one', 'a', '2');
    await state.promote();
    expect([Object.fromEntries(state.numbers), base('one'), state.isDirty]).toEqual([{ one: 1, two: 0 }, { a: '1' }, true]);
    write('two', 'b', '1');
    state.cut();
    await state.promote();
    expect([Object.fromEntries(state.numbers), base('one'), base('two')]).toEqual([{ one: 2, two: 1 }, { a: '2' }, { b: '1' }]);
  });

  it('that is dropped is what was committed last, with its numbers', () => {
    const { state, write, base } = made();
    write('one', 'a', '1');
    state.cut();
    write('one', 'b', '1');
    state.drop();
    expect([Object.fromEntries(state.numbers), base('one'), state.isDirty, state.hasCut]).toEqual([{ one: 0, two: 0 }, {}, false, false]);
    write('one', 'c', '1');
    expect(state.cut().map(({ key }) => String(key))).toEqual(['c', '\0streamer.cut']);
  });

  it('has one cut at a time', () => {
    const { state } = made();
    expect(state.cut()).toEqual([]);
    expect(() => state.cut()).toThrowError('the last cut of the task has not been promoted');
  });
});
