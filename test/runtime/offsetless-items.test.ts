import { deadLetter, each, retry, skip, stop } from 'streamerjs';
import { expect, it } from 'vitest';
import { type AgentOptions, defineAgent } from '../../src/agents/agent.ts';
import type { Handler } from '../../src/agents/each.ts';
import { AgentRuntime } from '../../src/runtime/work/agent-runtime.ts';
import { AgentTask } from '../../src/runtime/work/agent-task.ts';
import { ItemEvent } from '../../src/runtime/work/item-event.ts';
import { until } from '../helpers/app.ts';
import { keptServices } from './support/services.ts';

/** Timers and closed windows will be items without an offset: all that holds for a record's event holds for them. */
const at = { topic: 'items', partition: 0 };
const bytes = (text: string) => Buffer.from(text);

function run(handler: Handler<unknown, unknown, unknown>, options: AgentOptions<unknown, unknown, unknown> = {}) {
  const kept = keptServices();
  const readable = { name: 'items', serdes: {}, tombstones: 'skip' } as never;
  const out = { name: 'out', encode: ({ value }: { value: unknown }) => ({ key: null, value: bytes(String(value)) }) } as never;
  const agent = defineAgent('work', [readable], each(handler), { concurrency: 8, to: out, ...options });
  const values = { canDecodeAgain: false, decode: () => ({ key: undefined, value: undefined }) };
  const runtime = new AgentRuntime(agent, kept.services);
  const start = { partition: at, position: 0, finished: [], deliversTombstones: false, values, progressed: () => {} };
  const task = new AgentTask(runtime, start);
  const finished: string[] = [];
  return {
    ...kept,
    task,
    runtime,
    finished,
    timer(key: string, name: string): void {
      const origin = { offset: undefined, key: bytes(key), value: null, headers: {}, timestamp: 7 } as const;
      const event = () => new ItemEvent('items', 0, origin, key, name);
      task.addOffsetless({ ...origin, event, finished: () => void finished.push(name) });
    },
    record(offset: number, key: string, value: string): void {
      task.add({ offset, key: bytes(key), value: bytes(value), headers: {}, timestamp: 0 }, key, value);
    },
  };
}

it('starts behind the record of its key, holds the next one back, and counts as finished after the one before', async () => {
  const seen: unknown[] = [];
  const ends: Array<() => void> = [];
  const { task, timer, record, finished, sent } = run((value) => {
    seen.push(value);
    return new Promise((resolve) => ends.push(() => resolve(value)));
  });
  record(0, 'a', 'a0');
  timer('a', 'timer');
  record(1, 'a', 'a1');
  timer('b', 'other');
  expect(seen).toEqual(['a0', 'other']);
  ends[0]?.();
  await until(
    () => seen.length,
    (count) => count === 3,
  );
  expect(seen).toEqual(['a0', 'other', 'timer']);
  ends[2]?.();
  await until(
    () => sent.length,
    (count) => count === 2,
  );
  expect(sent.map(({ message }) => String(message.value))).toEqual(['a0', 'timer']);
  sent[1]?.acknowledge();
  expect(finished).toEqual([]);
  sent[0]?.acknowledge();
  expect([finished, task.offsets.position]).toEqual([['timer'], 1]);
});

it('holds no offset back: what is committed does not wait for it', () => {
  const { task, timer, record } = run(() => new Promise(() => {}));
  timer('t', 'timer');
  record(0, 'a', 'a0');
  task.offsets.pass(1);
  expect([task.inFlight, task.offsets.position, task.offsets.unfinished]).toEqual([2, 0, 1]);
  expect(task.unfinishedBytes).toBe(4);
});

it('is tried again with an event of its own, and counts the attempts', async () => {
  const signals: AbortSignal[] = [];
  const { timer, finished, told, telemetry } = run(
    (value, { signal, offset, timestamp }) => {
      if (signals.push(signal) < 3) throw new Error('not yet');
      return `${value} ${offset} ${timestamp}`;
    },
    { onError: retry({ attempts: 3, delayMs: 1 }), to: [] },
  );
  timer('t', 'timer');
  await until(
    () => finished.length,
    (count) => count === 1,
  );
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, false]);
  expect(told.map(([event, fields]) => [event, fields])).toMatchObject([
    ['retry', { agent: 'work', topic: 'items', partition: 0, offset: undefined, attempt: 1 }],
    ['retry', { attempt: 2 }],
  ]);
  expect([telemetry.total('retries_total'), telemetry.total('events_finished_total', { outcome: 'done' })]).toEqual([2, 1]);
});

it('goes to the dead letters without an offset, and is finished when the letter is acknowledged', async () => {
  const { timer, finished, letters, runtime } = run(
    () => {
      throw new Error('no');
    },
    { onError: deadLetter() },
  );
  timer('t', 'timer');
  expect(letters).toMatchObject([{ agent: 'work', record: { offset: undefined, key: bytes('t') }, attempts: 1 }]);
  expect(finished).toEqual([]);
  letters[0]?.written();
  await until(
    () => finished.length,
    (count) => count === 1,
  );
  expect(runtime.stats(0, 0)).toMatchObject({ finished: 1, skipped: 0 });
});

it('is skipped, or ends the worker, as the policy says', () => {
  const skipping = run(
    () => {
      throw new Error('no');
    },
    { onError: skip() },
  );
  skipping.timer('t', 'timer');
  expect([skipping.finished, skipping.runtime.stats(0, 0).skipped]).toEqual([['timer'], 1]);
  const stopping = run(
    () => {
      throw new Error('no');
    },
    { onError: stop() },
  );
  stopping.timer('t', 'timer');
  expect([stopping.finished, stopping.failures.map(({ place }) => place)]).toEqual([
    [],
    [{ agent: 'work', topic: 'items', partition: 0, offset: undefined }],
  ]);
});

it('has no effect after its partition was given up', async () => {
  let end = () => {};
  const { task, timer, finished, sent } = run(
    (value) =>
      new Promise((resolve) => {
        end = () => resolve(value);
      }),
  );
  timer('t', 'timer');
  expect(task.abandon(new Error('gone') as never)).toBe(1);
  end();
  await new Promise((resolve) => setImmediate(resolve));
  for (const { acknowledge } of sent) acknowledge();
  expect(finished).toEqual([]);
});
