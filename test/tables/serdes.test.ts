import { describe, expect, it } from 'vitest';
import { declareTable } from '../../src/app/declare-table.ts';
import { App, bytes, each, string } from '../../src/index.ts';
import type { Serde } from '../../src/topics/index.ts';
import { stateTask } from '../runtime/support/tables.ts';

const textLater = (isKnown: () => boolean): Serde<string> => ({
  name: 'later',
  encode: (value) => Buffer.from(value),
  decode: (data) => (isKnown() ? String(data) : Promise.resolve(String(data))),
});

describe('a table', () => {
  it('keeps bytes of its own, whatever is done to those it was given and has given', async () => {
    const table = declareTable('tasks', 'raw', { key: bytes() as never, value: bytes() as never, shardBy: (key) => String(key) });
    const seen: string[] = [];
    const { deliver, task } = await stateTask(
      [table as never],
      each(() => {
        const own = table as unknown as { get(key: Buffer): Buffer | undefined; set(key: Buffer, value: Buffer): void };
        const key = Buffer.from('a');
        const value = own.get(key) ?? Buffer.from('first');
        seen.push(String(value));
        own.set(key, value);
        value.fill('x');
        key.fill('y');
        const read = own.get(Buffer.from('a'));
        seen.push(String(read));
        read?.fill('z');
      }) as never,
    );
    await deliver('a');
    await task.state?.cut();
    await task.state?.promote();
    await deliver('a');
    await deliver('a');
    expect(seen).toEqual(['first', 'first', 'first', 'first', 'first', 'first']);
  });

  it('is not declared with a serde that always answers later', () => {
    const later: Serde<string> = { name: 'later', encode: async (value) => Buffer.from(value), decode: (data) => String(data) };
    expect(() => new App({ id: 'x' }).table('t', { key: string(), value: later })).toThrowError(
      'table "t": value: its serde answers later, and a table reads and writes at once',
    );
  });

  it('rejects an answer that comes later, and leaves the table as it was', async () => {
    let isKnown = true;
    const table = declareTable('tasks', 'later', { key: string(), value: textLater(() => isKnown) });
    const seen: unknown[] = [];
    const { deliver } = await stateTask(
      [table as never],
      each(() => {
        if (table.get('a') === undefined) table.set('a', '1');
        seen.push(table.get('a'));
      }),
    );
    await deliver('a');
    isKnown = false;
    await deliver('a');
    isKnown = true;
    await deliver('a');
    expect(seen).toEqual(['1', '1']);
  });
});
