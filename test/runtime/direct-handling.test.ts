import { each, retry } from 'streamerjs';
import { expect, it } from 'vitest';
import { type AgentOptions, defineAgent } from '../../src/agents/agent.ts';
import type { Handler } from '../../src/agents/each.ts';
import { StreamerError } from '../../src/errors.ts';
import { MadeRecords } from '../../src/kafka/index.ts';
import type { Input } from '../../src/runtime/task/input.ts';
import type { Task } from '../../src/runtime/task/task.ts';
import { string } from '../../src/topics/index.ts';
import { type Acknowledge, runningTask } from './support/tasks.ts';

/** Events that are before nothing go to their handler without a queue: all promises hold for them too. */
interface Run {
  readonly task: Task;
  readonly input: Input;
  readonly flow: string[];
  /** Acknowledges the output of that place, or refuses it. */
  readonly acknowledge: Acknowledge[];
  deliver(...records: Array<readonly [offset: number, key: string]>): Promise<void>;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const bytes = (text: string) => Buffer.from(text);

async function run(
  handler: Handler<unknown, unknown, unknown>,
  { queueRecords = 1_000, ...options }: AgentOptions<unknown, unknown, unknown> & { queueRecords?: number } = {},
): Promise<Run> {
  const readable = { name: 'items', serdes: { key: string(), value: string() }, tombstones: 'skip' } as never;
  const out = { name: 'out', encode: () => ({ key: null, value: null }) } as never;
  const agent = defineAgent('work', [readable], each(handler), { concurrency: 8, to: out, ...options });
  const { task, input, flow, acknowledge } = await runningTask({ agent, readable, queueRecords });
  return {
    task,
    input,
    flow,
    acknowledge,
    deliver: async (...records) => {
      const made = records.map(([offset, key]) => ({
        offset,
        key: bytes(key),
        value: bytes(`${key}${offset}`),
        headers: {},
        timestamp: 0,
      }));
      input.deliver(new MadeRecords(made), (records.at(-1)?.[0] ?? -1) + 1);
      await turn();
    },
  };
}

it('an event that fails at once is tried again before the next of its key, and holds no other key', async () => {
  const seen: unknown[] = [];
  let isThrough = () => {};
  const through = new Promise<void>((resolve) => {
    isThrough = resolve;
  });
  const { input, deliver } = await run(
    (value) => {
      seen.push(value);
      if (seen.length === 1) throw new Error('once');
      if (value === 'a2') isThrough();
    },
    { onError: retry({ attempts: 2, delayMs: 1 }) },
  );
  await deliver([0, 'a'], [1, 'b'], [2, 'a']);
  await through;
  expect(seen).toEqual(['a0', 'b1', 'a0', 'a2']);
  expect(input.position).toBe(3);
});

it('an event counts as finished after the one of its key before it, whichever output is acknowledged first', async () => {
  const { input, acknowledge, deliver } = await run((value) => value);
  await deliver([0, 'a'], [1, 'a'], [2, 'b']);
  acknowledge[1]?.();
  acknowledge[2]?.();
  expect([input.position, input.uncommitted()?.metadata]).toEqual([0, expect.stringContaining('work')]);
  expect(input.agents[0]?.offsets.finishedBeyond()).toEqual([[2, 3]]);
  acknowledge[0]?.();
  expect(input.position).toBe(3);
});

it('an event whose output cannot be delivered for now is handled anew, with its value', async () => {
  const seen: unknown[] = [];
  let again = () => {};
  const handled = new Promise<void>((resolve) => {
    again = resolve;
  });
  const { input, acknowledge, deliver } = await run((value, { key }) => {
    if (seen.push([key, value]) === 2) again();
    return value;
  });
  await deliver([0, 'a']);
  acknowledge[0]?.(Object.assign(new Error('down'), { code: 'ECONNREFUSED' }));
  await handled;
  await turn();
  acknowledge[1]?.();
  expect(seen).toEqual([
    ['a', 'a0'],
    ['a', 'a0'],
  ]);
  expect(input.position).toBe(1);
});

it('a drain that a handler begins waits for that handler', async () => {
  let end = () => {};
  let drained: Promise<void> | undefined;
  let isDrained = false;
  const started = await run(async () => {
    drained = started.task.drain().then(() => {
      isDrained = true;
    });
    await new Promise<void>((resolve) => {
      end = resolve;
    });
  });
  await started.deliver([0, 'a'], [1, 'b']);
  await turn();
  expect([isDrained, started.task.inFlight]).toEqual([false, 1]);
  end();
  await drained;
  expect([started.task.inFlight, started.input.position]).toEqual([0, 1]);
});

it('an event whose partition is given up within its handler is aborted, and has no effect any more', async () => {
  const { task, input, acknowledge, deliver } = await run((value, { signal }) => {
    task.close(new StreamerError('LOST', 'gone'));
    expect(signal.aborted).toBe(true);
    return value;
  });
  await deliver([0, 'a'], [1, 'b']);
  for (const each of acknowledge) each();
  expect([input.position, acknowledge.length <= 1]).toEqual([0, true]);
});

it('a partition reads one fetch ahead, pauses for the second, and goes on when there is room', async () => {
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const seen: unknown[] = [];
  const { input, flow, deliver } = await run((value) => gate.then(() => void seen.push(value)), { queueRecords: 10, order: 'partition' });
  const fetch = (from: number) => Array.from({ length: 6 }, (_, i) => [from + i, 'a'] as const);
  await deliver(...fetch(0));
  expect(flow).toEqual([]);
  await deliver(...fetch(6));
  await deliver(...fetch(12));
  expect(flow).toEqual(['pause']);
  open();
  while (input.position < 18) await turn();
  expect(flow).toEqual(['pause', 'resume']);
  expect(seen).toEqual(Array.from({ length: 18 }, (_, i) => `a${i}`));
});

it('long work lets others have their turn', async () => {
  let turns = 0;
  const count = () => {
    turns++;
    if (input.position < 100) setImmediate(count);
  };
  const { input, deliver } = await run(() => {
    for (const until = performance.now() + 1; performance.now() < until; );
  });
  setImmediate(count);
  await deliver(...Array.from({ length: 100 }, (_, i) => [i, `k${i}`] as const));
  while (input.position < 100) await turn();
  expect(turns).toBeGreaterThan(3);
});
