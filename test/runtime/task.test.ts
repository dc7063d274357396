import { each } from 'streamerjs';
import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/agents/agent.ts';
import type { Handler } from '../../src/agents/each.ts';
import { StreamerError } from '../../src/errors.ts';
import { MadeRecords } from '../../src/kafka/index.ts';
import type { Input } from '../../src/runtime/task/input.ts';
import { deferred } from '../../src/timing/index.ts';
import { string } from '../../src/topics/index.ts';
import { makeTask, type TaskOptions } from './support/tasks.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function made(handler: Handler<unknown, unknown, never>, options: Omit<TaskOptions, 'agent' | 'readable'> = {}) {
  const readable = { name: 'items', serdes: { key: string(), value: string() }, tombstones: 'skip' } as never;
  const agent = defineAgent('work', [readable], each(handler), { concurrency: 8 });
  return makeTask({ agent, readable, ...options });
}

function deliver(input: Input, ...offsets: number[]): void {
  const records = offsets.map((offset) => ({ offset, key: Buffer.from(`k${offset}`), value: Buffer.from('v'), headers: {}, timestamp: 0 }));
  input.deliver(new MadeRecords(records), (offsets.at(-1) ?? -1) + 1);
}

describe('a task', () => {
  it('keeps its inputs paused, and starts nothing, until its state is restored', async () => {
    const restored = deferred<void>();
    const seen: number[] = [];
    const { task, input, flow } = made((_value, { offset }) => void seen.push(offset), { restore: () => restored.promise });
    const running = task.run();
    deliver(input, 0, 1);
    await turn();
    expect([task.phase.current, flow, seen]).toEqual(['restoring', ['pause'], []]);
    restored.resolve();
    await running;
    await turn();
    expect([task.phase.current, flow, seen, task.cut()?.offsets[0]?.offset]).toEqual(['running', ['pause', 'resume'], [0, 1], 2]);
  });

  it('that has nothing to restore runs in the turn in which it is assigned', async () => {
    const { task, flow } = made(() => {});
    await task.run();
    expect([task.phase.current, flow]).toEqual(['running', ['pause', 'resume']]);
  });

  it('that is taken away while it restores never runs, and its restore is told', async () => {
    const restored = deferred<void>();
    let signal: AbortSignal | undefined;
    const { task, flow } = made(() => {}, {
      restore: (_task, own) => {
        signal = own;
        return restored.promise;
      },
    });
    const running = task.run();
    await task.drain();
    expect(task.phase.current).toBe('suspended');
    expect(task.close(new StreamerError('LOST', 'gone'))).toBe(0);
    expect(signal?.aborted).toBe(true);
    restored.resolve();
    await running;
    expect([task.phase.current, flow.includes('resume')]).toEqual(['closed', false]);
  });

  it('restores again for the next assignment; a restore of the one before does not start it', async () => {
    const restores = [deferred<void>(), deferred<void>()];
    let calls = 0;
    const { task } = made(() => {}, { restore: () => restores[calls++]?.promise ?? Promise.resolve() });
    const first = task.run();
    await task.drain();
    const second = task.run();
    restores[0]?.resolve();
    await first;
    expect(task.phase.current).toBe('restoring');
    restores[1]?.resolve();
    await second;
    expect(task.phase.current).toBe('running');
  });

  it('is suspended when its last handler has ended, keeps what it has read, and goes on there', async () => {
    const gate = deferred<void>();
    const seen: number[] = [];
    const { task, input } = made(async (_value, { offset }) => {
      await gate.promise;
      seen.push(offset);
    });
    await task.run();
    deliver(input, 0);
    await turn();
    const drained = task.drain();
    deliver(input, 1);
    await turn();
    expect([task.phase.current, task.inFlight]).toEqual(['draining', 1]);
    gate.resolve();
    await drained;
    expect([task.phase.current, task.inFlight, seen, input.end]).toEqual(['suspended', 0, [0], 2]);
    await task.run();
    await turn();
    await turn();
    expect([task.phase.current, seen, input.position]).toEqual(['running', [0, 1], 2]);
  });

  it('that is closed releases those who wait for its drain', async () => {
    const { task, input } = made(() => new Promise<never>(() => {}));
    await task.run();
    deliver(input, 0);
    await turn();
    const drained = task.drain();
    expect(task.close(new StreamerError('LOST', 'gone'))).toBe(1);
    await drained;
    expect(task.close(new StreamerError('LOST', 'again'))).toBe(0);
  });
});

describe('a task of two topics', () => {
  it('has an input of each, and cuts both at one moment', async () => {
    const gate = deferred<void>();
    const { task } = made((_value, { topic }) => (topic === 'payments' ? gate.promise : undefined), { topics: ['orders', 'payments'] });
    await task.run();
    const [orders, payments] = task.inputs;
    if (orders === undefined || payments === undefined) throw new Error('two inputs');
    deliver(orders, 0, 1, 2);
    deliver(payments, 0);
    await turn();
    const cut = task.cut();
    gate.resolve();
    await turn();
    expect(cut?.offsets.map(({ topic, offset }) => [topic, offset])).toEqual([
      ['orders', 3],
      ['payments', 0],
    ]);
    if (cut !== undefined) task.committed(cut);
    expect(task.cut()?.offsets.map(({ topic, offset }) => [topic, offset])).toEqual([['payments', 1]]);
  });

  it('drains when the handlers of both have ended', async () => {
    const gates = new Map([
      ['orders', deferred<void>()],
      ['payments', deferred<void>()],
    ]);
    const { task } = made((_value, { topic }) => gates.get(topic)?.promise, { topics: ['orders', 'payments'] });
    await task.run();
    for (const input of task.inputs) deliver(input, 0);
    await turn();
    const drained = task.drain();
    gates.get('orders')?.resolve();
    await turn();
    expect(task.phase.current).toBe('draining');
    gates.get('payments')?.resolve();
    await drained;
    expect(task.phase.current).toBe('suspended');
  });
});
