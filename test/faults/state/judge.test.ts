import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { COUNTERS, counted, type Entry, recentAfter, tallied } from './app/entry.ts';
import { contentsOf } from './changelog.ts';
import type { LoggedRecord } from './log/batches.ts';
import { committedOf, openRecords } from './log/committed.ts';
import { type Contents, type CountedEvent, canonical, type Memory, type SeenTally, type StateEvidence } from './proof/evidence.ts';
import { judgeState } from './proof/verdict.ts';
import { drawStatePlan, EFFECTS } from './schedule.ts';

/** A worker in a few lines: counts events and forgets nothing. What it does wrong is up to the test. */
class Reference {
  readonly answers: SeenTally[] = [];
  readonly #tables = new Map<string, Map<string, string>>();
  readonly #entries = new Map<string, Entry>();

  count(event: CountedEvent): void {
    for (const { agent, tables, inputs } of COUNTERS) {
      if (!inputs.some((input) => input === event.source)) continue;
      for (const table of tables) {
        if (table === 'recent') this.#recent(event);
        else this.#tally(agent, table, event);
      }
    }
  }

  contents(): Contents[] {
    return COUNTERS.flatMap(({ tables }) => tables.map((table) => ({ table, partition: 0, entries: new Map(this.#table(table)) })));
  }

  #tally(agent: string, table: string, { source, partition, offset, key, id }: CountedEvent): void {
    const entry = counted(this.#entries.get(`${table} ${key}`), source, id);
    this.#entries.set(`${table} ${key}`, entry);
    this.#table(table).set(key, canonical(entry));
    this.answers.push({ agent, source, partition, offset, by: 'w1', ...(entry[source] ?? { n: 0, h: 0 }) });
  }

  #recent({ key, seq, id }: CountedEvent): void {
    const value = recentAfter(seq, id);
    if (value === undefined) this.#table('recent').delete(key);
    else this.#table('recent').set(key, canonical(value));
  }

  #table(name: string): Map<string, string> {
    const found = this.#tables.get(name) ?? new Map<string, string>();
    this.#tables.set(name, found);
    return found;
  }
}

function event(offset: number, source = 'in', key = 'k'): CountedEvent {
  return { source, partition: 0, offset, key, id: `e${offset}`, seq: offset + 1 };
}

const events = [event(0), event(1), event(2, 'in', 'other'), event(3), event(0, 'more'), event(1, 'more'), event(0, 'grouped', 'g1')];

/** @param done what the worker counts, in its order; the inputs hold `events` */
function evidence(done: readonly CountedEvent[] = events, changes: Partial<StateEvidence> = {}): StateEvidence {
  const worker = new Reference();
  for (const each of done) worker.count(each);
  const memories = (['living', 'fresh'] as const).flatMap((kind) =>
    worker.contents().map((contents): Memory => ({ ...contents, by: 'w1', kind })),
  );
  return {
    isComplete: true,
    events,
    answers: worker.answers,
    changelogs: worker.contents(),
    memories,
    letters: [],
    open: new Map(),
    ...changes,
  };
}

function rules(given: StateEvidence): string[] {
  return [...new Set(judgeState(given).map(({ rule }) => rule))].sort();
}

describe('the judge of states', () => {
  it('finds nothing where every event is counted once, in order', () => {
    expect(judgeState(evidence())).toEqual([]);
  });

  it('finds an event that is counted twice', () => {
    const [first, ...rest] = events as [CountedEvent, ...CountedEvent[]];
    expect(rules(evidence([first, first, ...rest]))).toEqual(['changelog', 'counted-twice', 'memory', 'restore']);
  });

  it('finds an event that is not counted', () => {
    const found = rules(evidence(events.slice(1)));
    expect(found).toEqual(['changelog', 'memory', 'not-counted', 'restore']);
  });

  it('finds events of a key that are counted in another order', () => {
    const [first, second, ...rest] = events as [CountedEvent, CountedEvent, ...CountedEvent[]];
    expect(rules(evidence([second, first, ...rest]))).toContain('misordered');
  });

  it('asks for no order between two topics', () => {
    expect(rules(evidence([...events.slice(4), ...events.slice(0, 4)]))).toEqual([]);
  });

  it('finds a changelog, a memory or a restore that differs alone', () => {
    const behind = evidence(events.slice(0, 3));
    expect(rules(evidence(events, { changelogs: behind.changelogs }))).toEqual(['changelog']);
    const memories = (kind: Memory['kind']) =>
      evidence().memories.map((memory, at) => (memory.kind === kind ? (behind.memories[at] ?? memory) : memory));
    expect(rules(evidence(events, { memories: memories('living') }))).toEqual(['memory']);
    expect(rules(evidence(events, { memories: memories('fresh') }))).toEqual(['restore']);
  });

  it('finds an entry that should not be there', () => {
    const extra = evidence().changelogs.map((contents) => ({ ...contents, entries: new Map([...contents.entries, ['gone', '"x"']]) }));
    expect(rules(evidence(events, { changelogs: extra }))).toEqual(['changelog']);
  });

  it('asks of a round that was not completed that its changelogs were right on the way', () => {
    const behind = evidence(events.slice(0, 3));
    expect(rules(evidence(events, { isComplete: false, changelogs: behind.changelogs, memories: [] }))).toEqual([]);
    const [first] = events as [CountedEvent, ...CountedEvent[]];
    const wrong = evidence([first, first]);
    expect(rules(evidence(events, { isComplete: false, changelogs: wrong.changelogs, memories: [] }))).toEqual(['changelog']);
  });

  it('takes nothing for right that was not read', () => {
    expect(rules(evidence(events, { changelogs: [] }))).toEqual(['harness']);
    expect(rules(evidence(events, { memories: [] }))).toEqual(['harness']);
  });

  it('finds letters of failed events that do not say so, and transactions that nobody ended', () => {
    const letter = { source: 'in', partition: 0, offset: 9, agent: 'count' };
    expect(rules(evidence(events, { letters: [{ ...letter, state: 'none' }] }))).toEqual([]);
    expect(rules(evidence(events, { letters: [{ ...letter, state: 'applied' }] }))).toEqual(['dead-letters']);
    expect(rules(evidence(events, { letters: [{ ...letter, state: undefined }] }))).toEqual(['dead-letters']);
    expect(rules(evidence(events, { open: new Map([['log[0]', 2]]) }))).toEqual(['open']);
  });

  it('has a digest that depends on ids and their order', () => {
    const digest = (...ids: string[]) => ids.reduce(tallied, { n: 0, h: 0 }).h;
    expect(new Set([digest('a', 'b'), digest('b', 'a'), digest('a', 'a'), digest('ab'), digest('a')]).size).toBe(5);
  });
});

describe("the reader's own idea of what is committed", () => {
  const record = (offset: number, producerId: number, more: Partial<LoggedRecord> = {}): LoggedRecord => ({
    offset,
    timestamp: 0,
    key: Buffer.from(`k${offset}`),
    value: Buffer.from([1, 0x80, 0x01, ...Buffer.from(`${offset}`)]),
    headers: {},
    producerId,
    isTransactional: producerId >= 0,
    ...more,
  });

  it('follows the markers of each producer', () => {
    const records = [
      record(0, -1),
      record(1, 7),
      record(2, 8),
      record(3, 7, { marker: 'abort' }),
      record(4, 7),
      record(5, 8, { marker: 'commit' }),
      record(6, 7, { marker: 'commit' }),
      record(7, 9),
    ];
    expect(committedOf(records).map(({ offset }) => offset)).toEqual([0, 2, 4]);
    expect(openRecords(records)).toBe(1);
  });

  it('keeps the latest record of a key, and leaves out tombstones and reserved keys', () => {
    const key = (text: string) => ({ key: Buffer.from(text) });
    const records = [
      record(0, -1, key('a')),
      record(1, -1, key('b')),
      record(2, -1, key('a')),
      record(3, -1, { ...key('b'), value: null }),
      record(4, -1, key('\0streamer.cut')),
    ];
    expect(contentsOf({ topic: 't', partition: 0, records }, 'counts', false).entries).toEqual(new Map([['a', '2']]));
  });
});

it('54 seeds in a row have every effect at every request', () => {
  const first = Array.from({ length: 54 }, (_, seed) => drawStatePlan(seed + 100).traps[0]);
  expect(new Set(first.map((trap) => `${trap?.effect} ${trap?.request}`)).size).toBe(6 * Object.keys(EFFECTS).length);
});

it('the same seed gives the same traps', () => {
  const seed = new Random(5).int(0, 1_000);
  expect(drawStatePlan(seed)).toEqual(drawStatePlan(seed));
});
