import { each, retry } from 'streamerjs';
import { expect, it } from 'vitest';
import { type AgentOptions, defineAgent } from '../../src/agents/agent.ts';
import type { Handler } from '../../src/agents/each.ts';
import { MadeRecords } from '../../src/kafka/index.ts';
import type { OutputHolder } from '../../src/runtime/output/attribution.ts';
import { PartitionTask } from '../../src/runtime/task/input.ts';
import { AgentRuntime } from '../../src/runtime/work/agent-runtime.ts';
import { string } from '../../src/topics/index.ts';

/** Events that are before nothing go to their handler without a queue: all promises hold for them too. */
interface Run {
  readonly task: PartitionTask;
  readonly flow: string[];
  /** Acknowledges the output of that place, or refuses it. */
  readonly acknowledge: Array<(error?: unknown) => void>;
  deliver(...records: Array<readonly [offset: number, key: string]>): Promise<void>;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const bytes = (text: string) => Buffer.from(text);

function run(
  handler: Handler<unknown, unknown, unknown>,
  { queueRecords = 1_000, ...options }: AgentOptions<unknown, unknown, unknown> & { queueRecords?: number } = {},
): Run {
  const readable = { name: 'items', serdes: { key: string(), value: string() }, tombstones: 'skip' } as never;
  const acknowledge: Run['acknowledge'] = [];
  const flow: string[] = [];
  const host = {
    send: (_topic: string, _message: unknown, holder: OutputHolder) => acknowledge.push(holder.output()),
    deadLetter: async () => {},
    tell: () => {},
    fail: () => {},
  };
  const out = { name: 'out', encode: () => ({ key: null, value: null }) } as never;
  const agent = defineAgent('work', [readable], each(handler), { concurrency: 8, to: out, ...options });
  const partition = {
    queueRecords,
    queueBytes: 1_000_000,
    pause: () => flow.push('pause'),
    resume: () => flow.push('resume'),
    received: () => {},
  };
  const start = { position: 0, finished: new Map(), metadata: '' };
  const runtime = new AgentRuntime(agent, host as never);
  const task = new PartitionTask({ topic: 'items', partition: 0 }, readable, [runtime], start, partition as never);
  return {
    task,
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
      task.deliver(new MadeRecords(made), (records.at(-1)?.[0] ?? -1) + 1);
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
  const { task, deliver } = run(
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
  expect(task.position).toBe(3);
});

it('an event counts as finished after the one of its key before it, whichever output is acknowledged first', async () => {
  const { task, acknowledge, deliver } = run((value) => value);
  await deliver([0, 'a'], [1, 'a'], [2, 'b']);
  acknowledge[1]?.();
  acknowledge[2]?.();
  expect([task.position, task.uncommitted()?.metadata]).toEqual([0, expect.stringContaining('work')]);
  expect(task.agents[0]?.finishedBeyond()).toEqual([[2, 3]]);
  acknowledge[0]?.();
  expect(task.position).toBe(3);
});

it('an event whose output cannot be delivered for now is handled anew, with its value', async () => {
  const seen: unknown[] = [];
  let again = () => {};
  const handled = new Promise<void>((resolve) => {
    again = resolve;
  });
  const { task, acknowledge, deliver } = run((value, { key }) => {
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
  expect(task.position).toBe(1);
});

it('a drain that a handler begins waits for that handler', async () => {
  let end = () => {};
  let drained: Promise<void> | undefined;
  let isDrained = false;
  const started = run(async () => {
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
  expect([started.task.inFlight, started.task.position]).toEqual([0, 1]);
});

it('an event whose partition is given up within its handler is aborted, and has no effect any more', async () => {
  const { task, acknowledge, deliver } = run((value, { signal }) => {
    task.abandon(new Error('gone') as never);
    expect(signal.aborted).toBe(true);
    return value;
  });
  await deliver([0, 'a'], [1, 'b']);
  for (const each of acknowledge) each();
  expect([task.position, acknowledge.length <= 1]).toEqual([0, true]);
});

it('a partition reads one fetch ahead, pauses for the second, and goes on when there is room', async () => {
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const seen: unknown[] = [];
  const { task, flow, deliver } = run((value) => gate.then(() => void seen.push(value)), { queueRecords: 10, order: 'partition' });
  const fetch = (from: number) => Array.from({ length: 6 }, (_, i) => [from + i, 'a'] as const);
  await deliver(...fetch(0));
  expect(flow).toEqual([]);
  await deliver(...fetch(6));
  await deliver(...fetch(12));
  expect(flow).toEqual(['pause']);
  open();
  while (task.position < 18) await turn();
  expect(flow).toEqual(['pause', 'resume']);
  expect(seen).toEqual(Array.from({ length: 18 }, (_, i) => `a${i}`));
});

it('long work lets others have their turn', async () => {
  let turns = 0;
  const count = () => {
    turns++;
    if (task.position < 100) setImmediate(count);
  };
  const { task, deliver } = run(() => {
    for (const until = performance.now() + 1; performance.now() < until; );
  });
  setImmediate(count);
  await deliver(...Array.from({ length: 100 }, (_, i) => [i, `k${i}`] as const));
  while (task.position < 100) await turn();
  expect(turns).toBeGreaterThan(3);
});
