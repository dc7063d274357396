import { describe, expect, it } from 'vitest';
import { deadLetter, each, inference } from '../../../src/agents/index.ts';
import type { StreamerError } from '../../../src/errors.ts';
import type { Model } from '../../../src/models/index.ts';
import { partitionOf } from '../../../src/topics/index.ts';
import { counts, ordered, out, stateTask, turn } from '../support/tables.ts';

const messageOf = (act: () => unknown): string => {
  try {
    return String(act());
  } catch (error) {
    return `${(error as StreamerError).code}: ${(error as Error).message}`;
  }
};
const onError = deadLetter();

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe('an agent', () => {
  it('uses only the tables that it names, and writes only those in `tables`', async () => {
    const own = counts('own');
    const read = counts('read');
    const other = counts('other');
    const seen: string[] = [];
    const { deliver } = await stateTask(
      [own],
      each((_value, { key }) => {
        own.set(key, 1);
        seen.push(
          messageOf(() => own.get(key)),
          messageOf(() => read.get(key)),
        );
        seen.push(
          messageOf(() => read.set(key, 1)),
          messageOf(() => other.get(key)),
        );
      }),
      { reads: [read] },
    );
    await deliver('a');
    expect(seen).toEqual([
      '1',
      'undefined',
      'USAGE: agent "work" uses table "read" and does not name it',
      'USAGE: agent "work" uses table "other" and does not name it',
    ]);
  });

  it('that keeps order by key writes entries of its event’s key alone', async () => {
    const table = counts();
    const seen: string[] = [];
    const { deliver, content } = await stateTask(
      [table],
      each(() => {
        seen.push(
          messageOf(() => table.set('b', 1)),
          messageOf(() => table.update('b', () => 1)),
          messageOf(() => table.delete('b')),
        );
        table.set('a', 1);
      }),
    );
    await deliver('a');
    expect(new Set(seen)).toEqual(
      new Set(['USAGE: agent "work" writes an entry of key "b" to table "counts", and its event has the key "a"']),
    );
    expect(content()).toEqual({ a: 1 });
  });

  it('writes by `shardBy` the entries that it says belong to the event’s key', async () => {
    const table = counts('counts', { shardBy: (key) => key.slice(0, 1) });
    const seen: string[] = [];
    const { deliver, content } = await stateTask(
      [table],
      each(() => {
        table.set('a:1', 1);
        seen.push(messageOf(() => table.set('b:1', 1)));
      }),
    );
    await deliver('a');
    expect(seen).toEqual(['USAGE: agent "work" writes an entry of key "b" to table "counts", and its event has the key "a"']);
    expect(content()).toEqual({ 'a:1': 1 });
  });

  it('writes nothing for events without key, which nothing orders', async () => {
    const table = counts('counts', { shardBy: () => null as never });
    const seen: string[] = [];
    const { deliver } = await stateTask(
      [table],
      each(() => void seen.push(messageOf(() => table.set('a', 1)))),
    );
    await deliver('=1');
    expect(seen).toEqual(['USAGE: agent "work" writes an entry of key null to table "counts", and its event has no key']);
  });

  it('that keeps order by partition writes entries of all keys of its partition', async () => {
    const table = counts();
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
    const own = keys.filter((key) => partitionOf(Buffer.from(key), 4) === 0);
    const seen = new Map<string, string>();
    const { deliver, content } = await stateTask(
      [table],
      each(() => {
        for (const key of keys)
          seen.set(
            key,
            messageOf(() => table.set(key, 1)),
          );
      }),
      { order: 'partition' },
    );
    // Its own key it may write wherever a foreign partitioner has put it.
    await deliver('zz');
    expect(own.length).toBeGreaterThan(0);
    expect(Object.keys(content())).toEqual(own);
    expect(seen.get(keys.find((key) => !own.includes(key)) ?? '')).toMatch(
      /which belongs to another partition: its event has the key "zz"/,
    );
  });

  it('reads a range of an ordered table, its own writes included, and a prefix of any', async () => {
    const table = ordered();
    const seen: unknown[] = [];
    const { deliver } = await stateTask(
      [table as never],
      each((value) => {
        if (value === 'add') for (const [at, key] of ['a3', 'a1', 'a2'].entries()) table.set(key, at);
        seen.push(
          [...table.range()].map(([key]) => key),
          [...table.range({ from: 'a2', reverse: true, limit: 1 })],
        );
        seen.push([...table.range({ to: 'a2' })], [...table.entries({ prefix: 'a2' })]);
      }),
    );
    await deliver('a=add');
    await deliver('a=look');
    const expected = [['a1', 'a2', 'a3'], [['a3', 0]], [['a1', 1]], [['a2', 2]]];
    expect(seen).toEqual([...expected, ...expected]);
  });

  it('is refused keys and values that a changelog cannot hold', async () => {
    const table = counts();
    const seen: string[] = [];
    const { deliver } = await stateTask(
      [table],
      each(() => {
        seen.push(
          messageOf(() => table.get('x'.repeat(1_901))),
          messageOf(() => table.set('\0streamer.cut', 1)),
        );
        seen.push(messageOf(() => table.update('a', (async () => 1) as never)));
      }),
    );
    await deliver('a');
    expect(seen).toEqual([
      'VALIDATION: table "counts": a key of 1901 bytes is too long: at most 1900',
      'VALIDATION: table "counts": the key "\\u0000streamer.cut" is reserved',
      'USAGE: table "counts": update takes a function that answers at once',
    ]);
  });
});

describe('a generator', () => {
  it('writes for the event that it holds, which finishes when it asks for the next', async () => {
    const table = counts();
    const { deliver, content } = await stateTask([table], async function* (stream) {
      for await (const { key, value } of stream) {
        table.update(key, (n = 0) => n + Number(value));
        yield undefined;
      }
    });
    await deliver('a=1', 'b=5', 'a=2');
    await until(() => content()['a'] === 3);
    expect(content()).toEqual({ a: 3, b: 5 });
  });

  it('writes for its first event before it has read it, too', async () => {
    const table = counts();
    const { deliver, content } = await stateTask([table], async function* (stream) {
      table.set('a', 10);
      for await (const { key } of stream) {
        table.update(key, (n = 0) => n + 1);
        yield undefined;
      }
    });
    await deliver('a');
    await until(() => content()['a'] === 11);
    await deliver('a');
    await until(() => content()['a'] === 12);
  });

  it('that throws leaves nothing of its event, and begins again with the next', async () => {
    const table = counts();
    const { deliver, content, letters } = await stateTask(
      [table],
      async function* (stream) {
        for await (const { key, value } of stream) {
          table.update(key, (n = 0) => n + 1);
          if (value === 'bad') throw new Error('no');
          yield undefined;
        }
      },
      { onError },
    );
    await deliver('a', 'a=bad', 'a');
    await until(() => content()['a'] === 2);
    expect([content(), letters.map(({ state }) => state)]).toEqual([{ a: 2 }, ['none']]);
  });

  it('that was given up for its time writes to no event that came after', async () => {
    const table = counts();
    let generators = 0;
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const late: string[] = [];
    const { deliver, content, letters } = await stateTask(
      [table],
      async function* (stream) {
        const generator = ++generators;
        for await (const { key } of stream) {
          table.update(key, (n = 0) => n + 1);
          if (generator === 1) {
            await released;
            late.push(messageOf(() => table.set(key, 100)));
            return;
          }
          release();
          await turn();
          yield undefined;
        }
      },
      { onError, timeoutMs: 150, concurrency: 1 },
    );
    await deliver('a', 'a');
    await until(() => content()['a'] === 1);
    expect([late, letters.length]).toEqual([['USAGE: table "counts" was used outside of an event'], 1]);
  });

  it('finishes what it takes together in one turn, with one output for all', async () => {
    const table = counts();
    const { deliver, content, task, acknowledge, input } = await stateTask(
      [table],
      async function* (stream) {
        for await (const batch of stream.take(3, 1_000)) {
          for (const { key } of batch) table.update(key, (n = 0) => n + 1);
          yield batch.length;
        }
      },
      { to: out, concurrency: 1 },
    );
    await deliver('a', 'b');
    expect([content(), input.position]).toEqual([{}, 0]);
    await deliver('a', 'c');
    await until(() => input.position === 3);
    expect([content(), acknowledge.length]).toEqual([{ a: 2, b: 1 }, 1]);
    const cut = task.cut();
    let isAcknowledged = false;
    void cut?.acknowledged?.then(() => (isAcknowledged = true));
    await turn();
    expect(isAcknowledged).toBe(false);
    acknowledge[0]?.();
    await turn();
    expect(isAcknowledged).toBe(true);
  });

  it('that fails with a batch leaves nothing of it, and gets its events one by one', async () => {
    const table = counts();
    const { deliver, content, letters } = await stateTask(
      [table],
      async function* (stream) {
        for await (const batch of stream.take(3, 1)) {
          for (const { key } of batch) table.update(key, (n = 0) => n + 1);
          if (batch.some(({ value }) => value === 'bad')) throw new Error('no');
          yield undefined;
        }
      },
      { onError, concurrency: 1 },
    );
    await deliver('a', 'b=bad', 'c');
    await until(() => letters.length === 1 && content()['c'] === 1);
    expect([content(), letters[0]?.record.offset]).toEqual([{ a: 1, c: 1 }, 1]);
  });
});

describe('inference', () => {
  it('reads in `features` and writes with the answer, one event of a key at a time', async () => {
    const table = counts();
    const calls: number[][] = [];
    const model = {
      name: 'plus one',
      predict: async (rows: readonly number[]) => {
        calls.push([...rows]);
        await turn();
        return rows.map((row) => row + 1);
      },
    } as unknown as Model<number, number>;
    const { deliver, content } = await stateTask(
      [table],
      inference({
        model,
        batch: { size: 10, waitMs: 0 },
        features: (_value: string, { key }) => table.get(String(key)) ?? 0,
        result: (_value, answer, { key }) => {
          table.set(String(key), answer);
          return undefined;
        },
      }) as never,
    );
    await deliver('a', 'b', 'a', 'a');
    await until(() => content()['a'] === 3);
    expect([content(), calls]).toEqual([{ a: 3, b: 1 }, [[0, 0], [1], [2]]]);
  });
});
