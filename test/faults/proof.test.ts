import { describe, expect, it } from 'vitest';
import type { Evidence, InputEvent, Observation, Output, Rule } from './proof/evidence.ts';
import { judge } from './proof/verdict.ts';
import { Random } from './random.ts';
import { ALL_KINDS, drawPlan } from './schedule.ts';
import { readFinished } from './system/finished.ts';

/** Three events of one key, each published once by `w1`, and commits that follow: what nobody may find fault with. */
const TOPIC = 'out';
const events: InputEvent[] = [0, 1, 2].map((offset) => ({ partition: 0, offset, key: 'k', id: `e${offset}`, kind: 'plain' }));

function output(event: number, at: number, by = 'w1', from = event * 100): Output {
  const source = { partition: 0, offset: event };
  return { topic: TOPIC, at: { partition: 0, offset: at }, key: 'k', id: `e${event}`, source, by, from, to: from + 50 };
}

function seen(at: number, offset: number, end: number, metadata: string | null = null): Observation {
  const commits = new Map([[0, { offset, finished: readFinished(offset, metadata) }]]);
  const ends = new Map([
    [TOPIC, new Map([[0, end]])],
    ['dlq', new Map([[0, end]])],
  ]);
  return { at, commits, ends };
}

function rules(changes: Partial<Evidence>): Rule[] {
  const evidence: Evidence = {
    input: events,
    outputs: [output(0, 0), output(1, 1), output(2, 2)],
    letters: [],
    observations: [seen(160, 1, 2), seen(400, 3, 3)],
    outputTopics: [{ topic: TOPIC, agent: 'a', order: 'key' }],
    letterTopic: 'dlq',
    isUndisturbed: false,
    zombies: new Set(),
    revocations: new Map(),
    ...changes,
  };
  return [...new Set(judge(evidence).violations.map(({ rule }) => rule))];
}

describe('the judge', () => {
  it('finds nothing where nothing is wrong', () => {
    expect(rules({ isUndisturbed: true })).toEqual([]);
  });

  it('finds a lost event', () => {
    expect(rules({ outputs: [output(0, 0), output(1, 1)], observations: [] })).toEqual(['lost']);
  });

  it('finds what is there twice where nothing failed', () => {
    const outputs = [output(0, 0), output(0, 1, 'w2', 10), output(1, 2), output(2, 3)];
    expect(rules({ outputs, observations: [], isUndisturbed: true })).toEqual(['doubled']);
    expect(rules({ outputs, observations: [] })).toEqual([]);
  });

  it('finds a key out of order', () => {
    expect(rules({ outputs: [output(1, 0), output(0, 1), output(2, 2)], observations: [] })).toEqual(['order']);
  });

  it('finds a partition out of order, whatever the keys, and asks nothing where no order is kept', () => {
    const input: InputEvent[] = events.map((event, i) => ({ ...event, key: `k${i}` }));
    const outputs = [output(1, 0), output(0, 1), output(2, 2)].map((each) => ({ ...each, key: each.id.replace('e', 'k') }));
    const found = (order: 'key' | 'partition' | 'none') => rules({ input, outputs, outputTopics: [{ topic: TOPIC, agent: 'a', order }] });
    expect(found('partition')).toEqual(['order']);
    expect(found('key')).toEqual([]);
    expect(found('none')).toEqual([]);
  });

  it('finds a handler that was called before the event before was through', () => {
    expect(rules({ outputs: [output(0, 0), output(1, 1, 'w1', 20), output(2, 2)], observations: [] })).toEqual(['order']);
  });

  it('lets a key start again after its partition was given up, but not without', () => {
    const outputs = [output(0, 0), output(1, 1), output(1, 2, 'w1', 300), output(2, 3, 'w1', 400)];
    expect(rules({ outputs, observations: [] })).toEqual(['order']);
    expect(rules({ outputs, observations: [], revocations: new Map([['w1', 1]]) })).toEqual([]);
  });

  it('finds a commit, or a finished map, ahead of its outputs', () => {
    expect(rules({ observations: [seen(400, 3, 2)] })).toEqual(['commit']);
    // One finished, from the second offset beyond the commit on.
    expect(rules({ observations: [seen(400, 1, 2, 's1;a=0,1,1')] })).toEqual(['commit']);
    expect(rules({ observations: [seen(400, 1, 3, 's1;a=0,1,1')] })).toEqual([]);
    expect(rules({ observations: [seen(400, 1, 2, 's1;b=0,1,1')] })).toEqual([]);
  });

  it('reads the finished map of tasks with tables, as runs and as a bitmap', () => {
    expect(rules({ observations: [seen(400, 1, 2, 's2;id;writer;counts=3;a=r0,1,1')] })).toEqual(['commit']);
    expect(rules({ observations: [seen(400, 1, 2, 's2;id;writer;;a=bAg')] })).toEqual(['commit']);
    expect(rules({ observations: [seen(400, 1, 3, 's2;id;writer;;a=bAg')] })).toEqual([]);
    expect(rules({ observations: [seen(400, 1, 2, 's2;id;writer;a=1;b=r0,1,1')] })).toEqual([]);
  });

  it('finds a commit that goes back', () => {
    expect(rules({ observations: [seen(350, 3, 3), seen(400, 2, 3)] })).toEqual(['commit']);
  });

  it('finds what was begun again after its commit, but by a zombie', () => {
    const outputs = [output(0, 0), output(1, 1), output(2, 2), output(2, 3, 'w2', 500)];
    expect(rules({ outputs })).toEqual(['redone']);
    expect(rules({ outputs, zombies: new Set(['w2']) })).toEqual([]);
  });

  it('accounts for dead letters: missing ones, and those of events that are well', () => {
    const input: InputEvent[] = [...events, { partition: 0, offset: 3, key: null, id: 'bad', kind: 'poison' }];
    const letter = (offset: number, agent: string | undefined) => ({
      at: { partition: 0, offset: 0 },
      source: { partition: 0, offset },
      agent,
    });
    expect(rules({ input })).toEqual(['dead-letters']);
    expect(rules({ input, letters: [letter(3, 'a')] })).toEqual([]);
    expect(rules({ letters: [letter(1, 'a')] })).toEqual(['dead-letters']);
  });
});

it('the same seed gives the same plan', () => {
  const plans = Array.from({ length: 20 }, (_, seed) => drawPlan(seed, ALL_KINDS));
  expect(Array.from({ length: 20 }, (_, seed) => drawPlan(seed, ALL_KINDS))).toEqual(plans);
  expect(new Set(plans.map((plan) => JSON.stringify(plan.faults))).size).toBeGreaterThan(15);
});

it('numbers are spread evenly', () => {
  const random = new Random(7);
  const counts = [0, 0, 0, 0];
  for (let n = 0; n < 4_000; n++) counts[random.int(0, 3)]!++;
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(120);
});
