import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deadLetter, each, retry, skip } from '../../../src/agents/index.ts';
import { declareTable } from '../../../src/app/declare-table.ts';
import { KafkaError, StreamerError } from '../../../src/errors.ts';
import { standingOf } from '../../../src/runtime/watch/standing.ts';
import { deferred } from '../../../src/timing/index.ts';
import { json, string } from '../../../src/topics/index.ts';
import { counts, entriesOf, out, stateTask, turn } from '../support/tables.ts';

const refused = new KafkaError('refused', 'too large', { kafkaCode: 'MESSAGE_TOO_LARGE' });
const noPause = retry({ attempts: 2, delayMs: 0, maxDelayMs: 0 } as never).otherwise(deadLetter());

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe('what an event writes', () => {
  it('is its own until it has finished: it sees it, others do not', async () => {
    const table = counts();
    const gate = deferred<void>();
    const seen: unknown[] = [];
    const { deliver, content } = await stateTask(
      [table],
      each(async (value, { key }) => {
        if (value === 'look') seen.push(['other', table.get('a')], ['all', [...table.entries()]]);
        if (value !== 'write') return;
        table.set(key, 1);
        seen.push(['own', table.get('a'), table.has('a'), [...table.entries()]]);
        await gate.promise;
      }),
    );
    await deliver('a=write', 'b=look');
    expect(seen).toEqual([
      ['own', 1, true, [['a', 1]]],
      ['other', undefined],
      ['all', []],
    ]);
    gate.resolve();
    await turn();
    await deliver('b=look');
    expect(seen.slice(3)).toEqual([
      ['other', 1],
      ['all', [['a', 1]]],
    ]);
    expect(content()).toEqual({ a: 1 });
  });

  it('is dropped by a throw: the next attempt begins on the old values', async () => {
    const table = counts();
    const before: unknown[] = [];
    const { deliver, content, letters } = await stateTask(
      [table],
      each((value, { key }) => {
        before.push(table.get(key));
        table.update(key, (n = 0) => n + 1);
        table.set('a', 10);
        if (value === 'bad') throw new Error('no');
      }),
      { onError: noPause },
    );
    await deliver('a=bad');
    await until(() => letters.length === 1);
    expect([before, content(), letters[0]?.state]).toEqual([[undefined, undefined], {}, 'none']);
    await deliver('a=good');
    expect([before.at(-1), content()]).toEqual([undefined, { a: 10 }]);
  });

  it('is dropped by a time-out, and what the handler writes and reads after it has no effect', async () => {
    const table = counts();
    const late: unknown[] = [];
    const gate = deferred<void>();
    let attempts = 0;
    const { deliver, content } = await stateTask(
      [table],
      each(async (_value, { key }) => {
        const attempt = ++attempts;
        table.set(key, attempt);
        if (attempt > 1) return;
        await gate.promise;
        for (const act of [() => table.set(key, 100), () => table.get(key)]) {
          try {
            late.push(act());
          } catch (error) {
            late.push((error as StreamerError).code);
          }
        }
      }),
      { timeoutMs: 20, onError: noPause },
    );
    await deliver('a');
    await until(() => attempts === 2);
    gate.resolve();
    await turn();
    expect([late, content()]).toEqual([['USAGE', 'USAGE'], { a: 2 }]);
  });

  it('is dropped with a partition that is lost, and reads and writes of its handler fail then', async () => {
    const table = counts();
    const gate = deferred<void>();
    let code: string | undefined;
    const { deliver, content, task } = await stateTask(
      [table],
      each(async (_value, { key }) => {
        table.set(key, 1);
        await gate.promise;
        try {
          table.set(key, 2);
        } catch (error) {
          code = (error as StreamerError).code;
        }
      }),
    );
    await deliver('a');
    task.close(new StreamerError('LOST', 'gone'));
    gate.resolve();
    await turn();
    expect([code, content()]).toEqual(['LOST', {}]);
  });

  it('cannot be written after the handler has ended', async () => {
    const table = counts();
    const gate = deferred<void>();
    const errors: unknown[] = [];
    const { deliver, content } = await stateTask(
      [table],
      each((_value, { key }) => {
        table.set(key, 1);
        void gate.promise.then(() => {
          try {
            table.set(key, 2);
          } catch (error) {
            errors.push((error as Error).message);
          }
        });
      }),
    );
    await deliver('a');
    gate.resolve();
    await turn();
    expect(errors).toEqual([expect.stringMatching(/was used for an event that has finished/)]);
    expect(content()).toEqual({ a: 1 });
  });

  it('is there for the next event of the key, which starts when the one before has finished', async () => {
    const table = counts();
    const { deliver, content } = await stateTask(
      [table],
      each(async (_value, { key }) => {
        const n = table.get(key) ?? 0;
        await turn();
        table.set(key, n + 1);
      }),
    );
    await deliver('a', 'a', 'b', 'a');
    await until(() => content()['a'] === 3);
    expect(content()).toEqual({ a: 3, b: 1 });
  });

  it('is not changed by changing a value that was read', async () => {
    const table = declareTable('tasks', 'lists', { key: string(), value: json(z.array(z.string())) });
    const seen: unknown[] = [];
    const { deliver } = await stateTask(
      [table as never],
      each((value, { key }) => {
        const list = table.get(key) ?? [];
        list.push('not kept');
        seen.push(table.get(key));
        const given = [value];
        table.set(key, given);
        given.push('not kept');
        seen.push(table.get(key));
      }),
    );
    await deliver('a=1', 'a=2');
    expect(seen).toEqual([undefined, ['1'], ['1'], ['2']]);
  });
});

describe('an event with outputs', () => {
  it('finishes with its writes before they are acknowledged; the cut that has it waits for them', async () => {
    const table = counts();
    const { deliver, task, acknowledge, content } = await stateTask(
      [table],
      each((value, { key }) => {
        table.update(key, (n = 0) => n + 1);
        return value;
      }),
      { to: out },
    );
    await deliver('a=1', 'a=2', 'b=1');
    expect([content(), acknowledge.length]).toEqual([{ a: 2, b: 1 }, 3]);
    const cut = task.cut();
    expect([cut?.offsets[0]?.offset, entriesOf(cut)]).toEqual([3, { a: 2, b: 1 }]);
    let isAcknowledged = false;
    void cut?.acknowledged?.then(() => (isAcknowledged = true));
    await deliver('c=1');
    acknowledge[0]?.();
    acknowledge[1]?.();
    await turn();
    expect([isAcknowledged, task.cut()]).toEqual([false, undefined]);
    acknowledge[2]?.();
    await turn();
    // The output of an event of the next cut is still on its way.
    expect([isAcknowledged, acknowledge.length]).toEqual([true, 4]);
    await cut?.state?.promote();
    expect(entriesOf(task.cut())).toEqual({ c: 1 });
  });

  it('is what its task waits for while they are not acknowledged', async () => {
    const { deliver, task, input, acknowledge } = await stateTask(
      [counts()],
      each((value) => value),
      { to: out },
    );
    await deliver('a=1', 'b=1');
    const standing = () => standingOf(input.agents[0] as never);
    expect(standing()).toEqual({ stage: 'outputs', offset: 0, key: Buffer.from('a') });
    task.cut();
    acknowledge[0]?.();
    expect(standing()).toMatchObject({ offset: 1 });
    acknowledge[1]?.();
    expect(standing()).toBeUndefined();
  });

  it('that failed before is not in the cut, whatever has finished after it', async () => {
    const table = counts();
    const gate = deferred<void>();
    const { deliver, task } = await stateTask(
      [table],
      each(async (value, { key }) => {
        table.update(key, (n = 0) => n + 1);
        if (value === 'wait') await gate.promise;
      }),
    );
    await deliver('a=wait', 'b', 'c');
    const cut = task.cut();
    expect([cut?.offsets[0]?.offset, entriesOf(cut)]).toEqual([0, { b: 1, c: 1 }]);
    await cut?.state?.promote();
    if (cut !== undefined) task.committed(cut);
    expect(task.cut()).toBeUndefined();
    gate.resolve();
    await turn();
    const next = task.cut();
    expect([next?.offsets[0]?.offset, entriesOf(next)]).toEqual([3, { a: 1 }]);
  });

  it('is never handled again when one is refused afterwards: its letter says that the writes were applied, and is awaited by the cut', async () => {
    const table = counts();
    const held = deferred<void>();
    const { deliver, task, acknowledge, content, letters } = await stateTask(
      [table],
      each((value, { key }) => {
        table.update(key, (n = 0) => n + 1);
        return value;
      }),
      { to: out, onError: noPause, lettersHeld: held.promise },
    );
    await deliver('a=1', 'a=2');
    const cut = task.cut();
    let isAcknowledged = false;
    void cut?.acknowledged?.then(() => (isAcknowledged = true));
    acknowledge[0]?.(refused);
    acknowledge[1]?.();
    await turn();
    expect([letters[0]?.state, letters[0]?.record.offset, isAcknowledged]).toEqual(['applied', 0, false]);
    held.resolve();
    await turn();
    expect([isAcknowledged, content(), letters.length, acknowledge.length]).toEqual([true, { a: 2 }, 1, 2]);
  });

  it('is not handled again by a policy that would either', async () => {
    const table = counts();
    const always = { name: 'always', decide: () => ({ action: 'retry', delayMs: 0 }) } as never;
    const { deliver, acknowledge, content, letters } = await stateTask(
      [table],
      each((value, { key }) => {
        table.update(key, (n = 0) => n + 1);
        return value;
      }),
      { to: out, onError: always },
    );
    await deliver('a=1');
    acknowledge[0]?.(refused);
    await turn();
    expect([content(), letters[0]?.state]).toEqual([{ a: 1 }, 'applied']);
  });

  it('is acknowledged without a letter where its policy skips', async () => {
    const table = counts();
    const { deliver, task, acknowledge, letters } = await stateTask(
      [table],
      each((value) => value),
      { to: out, onError: skip() },
    );
    await deliver('a=1');
    const cut = task.cut();
    acknowledge[0]?.(refused);
    await cut?.acknowledged;
    expect(letters).toEqual([]);
  });

  it('fails by a refusal that comes while it is handled: its writes are dropped', async () => {
    const table = counts();
    const gate = deferred<void>();
    const { deliver, acknowledge, content, letters } = await stateTask(
      [table],
      async function* (stream) {
        for await (const { key, value } of stream) {
          table.update(key, (n = 0) => n + 1);
          yield value;
          await gate.promise;
        }
      },
      { to: out, onError: noPause },
    );
    await deliver('a=1');
    acknowledge[0]?.(refused);
    gate.resolve();
    await until(() => letters.length === 1);
    expect([content(), letters[0]?.state]).toEqual([{}, 'none']);
  });

  it('is held until an output is encoded; an output that cannot be encoded is the handler’s failure', async () => {
    const table = counts();
    const encoding = deferred<{ key: null; value: null }>();
    const later = { name: 'out', encode: () => encoding.promise } as never;
    const { deliver, task, content, letters } = await stateTask(
      [table],
      each((value, { key }) => {
        table.update(key, (n = 0) => n + 1);
        return value;
      }),
      { to: later, onError: deadLetter() },
    );
    await deliver('a=1');
    expect([content(), task.cut()?.offsets[0]?.offset, task.inFlight]).toEqual([{}, 0, 1]);
    encoding.reject(new StreamerError('VALIDATION', 'no such field'));
    await until(() => letters.length === 1);
    expect([content(), letters[0]?.state]).toEqual([{}, 'none']);
  });

  it('is held until an output is encoded, and finishes then', async () => {
    const table = counts();
    const encoding = deferred<{ key: null; value: null }>();
    const later = { name: 'out', encode: () => encoding.promise } as never;
    const { deliver, task, content, acknowledge } = await stateTask(
      [table],
      each((value, { key }) => {
        table.update(key, (n = 0) => n + 1);
        return value;
      }),
      { to: later },
    );
    await deliver('a=1');
    expect(task.inFlight).toBe(1);
    encoding.resolve({ key: null, value: null });
    await turn();
    expect([task.inFlight, content(), acknowledge.length]).toEqual([0, { a: 1 }, 1]);
  });

  it('is held by a sink function that works, which may use the tables', async () => {
    const table = counts();
    const gate = deferred<void>();
    const { deliver, task, content } = await stateTask(
      [table],
      each((value) => value),
      {
        to: async (_value, { key }) => {
          table.set(key, 1);
          await gate.promise;
          table.update(key, (n = 0) => n + 1);
        },
      },
    );
    await deliver('a=1');
    expect([content(), task.inFlight]).toEqual([{}, 1]);
    gate.resolve();
    await turn();
    expect([content(), task.inFlight]).toEqual([{ a: 2 }, 0]);
  });

  it('counts for flow control until they are acknowledged', async () => {
    const table = counts();
    const { deliver, flow, acknowledge, input } = await stateTask(
      [table],
      each((value) => value),
      { to: out, queueRecords: 4 },
    );
    await deliver('a', 'b', 'c', 'd');
    await deliver('e');
    expect([flow, input.position]).toEqual([['pause'], 4]);
    for (const sent of acknowledge) sent();
    await turn();
    expect(flow).toEqual(['pause', 'resume']);
  });
});
