import { describe, expect, it } from 'vitest';
import { sink } from '../../src/agents/index.ts';
import type { SinkWriter, WriteOutcome } from '../../src/connect/index.ts';
import { ConfigError } from '../../src/errors.ts';
import type { Event } from '../../src/topics/index.ts';
import { FakeInbox } from './support/fake-inbox.ts';

type Value = number;

/** Keeps what it is given in memory, and does as the test says. */
class MemoryWriter implements SinkWriter<string | null, Value> {
  readonly name = 'memory';
  readonly batches: Value[][] = [];
  isDown = false;
  refused = new Set<Value>();
  underWay = 0;
  mostUnderWay = 0;

  async write(events: ReadonlyArray<Event<string | null, Value>>): Promise<readonly WriteOutcome[]> {
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    await new Promise((resolve) => setImmediate(resolve));
    this.underWay--;
    if (this.isDown) throw new Error('down');
    this.batches.push(events.map(({ value }) => value));
    const bad = new Set<unknown>();
    return events.map(({ key, value }): WriteOutcome => {
      if (bad.has(key)) return { state: 'held' };
      if (!this.refused.has(value)) return { state: 'written' };
      bad.add(key);
      return { state: 'refused', error: new Error(`no ${value}`) };
    });
  }
}

function started(
  batch = { size: 10, waitMs: 0 },
  timeoutMs = 0,
): { writer: MemoryWriter; inbox: FakeInbox<Value, never>; close: () => void } {
  const writer = new MemoryWriter();
  const inbox = new FakeInbox<Value, never>({ timeoutMs });
  const run = sink(writer, batch).open(inbox);
  inbox.onWake(() => run.wake());
  return { writer, inbox, close: () => void run.close() };
}

describe('sink', () => {
  it('writes in batches of several keys, in the order of the offsets, one at a time', async () => {
    const { writer, inbox } = started({ size: 4, waitMs: 0 });
    inbox.put('a', 1, 2, 3);
    inbox.put('b', 4, 5);
    inbox.put(null, 6);
    await inbox.settled();
    expect(writer.batches.flat()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(Math.max(...writer.batches.map(({ length }) => length))).toBeLessThanOrEqual(4);
    expect(writer.mostUnderWay).toBe(1);
    expect(inbox.log.map(({ told }) => told)).toEqual(Array(6).fill('done'));
  });

  it('waits for company as long as it is told to, and not when it is drained', async () => {
    const writer = new MemoryWriter();
    const inbox = new FakeInbox<Value, never>();
    const run = sink(writer, { size: 3, waitMs: 60_000 }).open(inbox);
    inbox.onWake(() => run.wake());
    inbox.put('a', 1);
    inbox.put('b', 2);
    inbox.put('c', 3, 4);
    await inbox.until(() => inbox.log.length === 3);
    expect(writer.batches).toEqual([[1, 2, 3]]);
    run.drain?.();
    await inbox.settled();
    expect(writer.batches).toEqual([[1, 2, 3], [4]]);
  });

  it('fails the event that is refused alone, and gives those behind it back', async () => {
    const { writer, inbox } = started();
    writer.refused.add(2);
    inbox.put('a', 1, 2, 3);
    inbox.put('b', 4);
    await inbox.until(() => inbox.log.some(({ told }) => told === 'failed'));
    await inbox.settled();
    expect(inbox.history(1).told).toEqual([{ failed: new Error('no 2') }]);
    expect(inbox.history(2).told).not.toContain('done');
    expect(inbox.history(3).told).toEqual(['done']);
    writer.refused.clear();
    inbox.retry(1);
    await inbox.settled();
    expect(inbox.history(2).told.at(-1)).toBe('done');
  });

  it('waits, visibly, while nothing can be written, and loses and fails nothing', async () => {
    const { writer, inbox } = started();
    writer.isDown = true;
    inbox.put('a', 1, 2);
    await inbox.until(() => inbox.outside.length === 1);
    expect(inbox.outside).toEqual([new Error('down')]);
    writer.isDown = false;
    await inbox.settled();
    expect(inbox.outside.at(-1)).toBe('resumed');
    expect(writer.batches.at(-1)).toEqual([1, 2]);
    expect(inbox.log.filter(({ told }) => told === 'failed')).toEqual([]);
  });

  it('asks for nothing more once the partition is lost', async () => {
    const { writer, inbox, close } = started();
    writer.isDown = true;
    inbox.put('a', 1);
    await inbox.until(() => inbox.outside.length === 1);
    inbox.abandon();
    close();
    writer.isDown = false;
    inbox.put('a', 2);
    expect(inbox.inFlight).toBe(0);
    expect(writer.batches).toEqual([]);
  });

  it('fails events past the time limit of the agent', async () => {
    const { writer, inbox } = started({ size: 10, waitMs: 0 }, 20);
    let free = () => {};
    const held = new Promise<void>((resolve) => (free = resolve));
    const write = writer.write.bind(writer);
    writer.write = async (events) => held.then(() => write(events));
    inbox.put('a', 1);
    await inbox.until(() => inbox.log.length === 1);
    expect(inbox.history(0).told).toEqual([{ failed: expect.objectContaining({ code: 'TIMEOUT', retryable: true }) }]);
    free();
  });

  it('refuses batch options that cannot work', () => {
    expect(() => sink(new MemoryWriter(), { size: 0, waitMs: -1 })).toThrow(ConfigError);
    expect(() => sink(new MemoryWriter(), { sizes: 1 } as object)).toThrow(/unknown option "batch.sizes"/);
  });
});
