import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinGroups } from '../../src/kafka/index.ts';
import { assignPartitions, type GroupMember } from '../../src/kafka/kafkajs/assignor.ts';

const member = (id: string, topics: string[], owned: Record<string, number[]> = {}, generation = 1): GroupMember => ({
  id,
  topics,
  owned,
  generation,
});
const flat = (assignment: Map<string, Record<string, number[]>>): string[] =>
  [...assignment]
    .flatMap(([id, topics]) => Object.entries(topics).flatMap(([topic, list]) => list.map((p) => `${topic}/${p} ${id}`)))
    .sort();

describe('the assignor', () => {
  it('gives every partition to exactly one member, evenly, in any order of the members', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 1, max: 13 }), { minKeys: 1 }),
        (size, counts) => {
          const topics = Object.keys(counts);
          const members = Array.from({ length: size }, (_, i) => member(`m${i}`, topics));
          const sizes = new Map(Object.entries(counts));
          const result = assignPartitions(members, sizes);
          expect(flat(assignPartitions([...members].reverse(), sizes))).toEqual(flat(result));
          for (const [topic, partitions] of sizes) {
            const shares = [...result.values()].map((each) => each[topic]?.length ?? 0);
            expect(shares.reduce((sum, each) => sum + each, 0)).toBe(partitions);
            expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
            expect(new Set([...result.values()].flatMap((each) => each[topic] ?? [])).size).toBe(partitions);
          }
        },
      ),
    );
  });

  it('lays topics with the same count out alike', () => {
    const members = ['x', 'y', 'z'].map((id) => member(id, ['a', 'b', 'c']));
    const result = assignPartitions(members, new Map(Object.entries({ a: 8, b: 8, c: 3 })));
    for (const own of result.values()) expect(own['a']).toEqual(own['b']);
  });

  it('leaves each member what it had when one more comes, as far as its share goes', () => {
    const before = assignPartitions([member('x', ['a']), member('y', ['a'])], new Map([['a', 9]]));
    const members = [...before].map(([id, owned]) => member(id, ['a'], owned));
    const after = assignPartitions([...members, member('w', ['a'], {}, -1)], new Map([['a', 9]]));
    for (const [id, own] of before) for (const p of after.get(id)?.['a'] ?? []) expect(own['a']).toContain(p);
    expect([...after.values()].map((own) => own['a']?.length)).toEqual([3, 3, 3]);
  });

  it('moves nothing when nothing changes, and only the orphans when one leaves', () => {
    const counts = new Map(Object.entries({ a: 12, b: 12, c: 5 }));
    const topics = [...counts.keys()];
    const first = assignPartitions(
      ['x', 'y', 'z'].map((id) => member(id, topics)),
      counts,
    );
    const again = assignPartitions(
      [...first].map(([id, owned]) => member(id, topics, owned)),
      counts,
    );
    expect(flat(again)).toEqual(flat(first));
    const left = [...first].filter(([id]) => id !== 'z').map(([id, owned]) => member(id, topics, owned));
    const after = assignPartitions(left, counts);
    for (const { id, owned } of left) for (const p of owned['a'] ?? []) expect(after.get(id)?.['a']).toContain(p);
  });

  it('believes the later of two that claim a partition', () => {
    const members = [member('x', ['a'], { a: [0, 1] }, 3), member('y', ['a'], { a: [0] }, 7)];
    expect(assignPartitions(members, new Map([['a', 2]])).get('y')).toEqual({ a: [0] });
  });

  it('gives a member only what it reads', () => {
    const result = assignPartitions([member('x', ['a', 'b']), member('y', ['a'])], new Map(Object.entries({ a: 2, b: 2 })));
    expect(result.get('y')).toEqual({ a: [expect.any(Number)] });
    expect(result.get('x')?.['b']).toEqual([0, 1]);
  });

  it('gives topics that are read together to members that read all of them, same partitions to the same member', () => {
    const coPartitioned = [['a', 'b']];
    const members = [
      { ...member('x', ['a', 'b']), coPartitioned },
      { ...member('y', ['a', 'b', 'c']), coPartitioned },
      member('old', ['a', 'c']),
    ];
    const result = assignPartitions(members, new Map(Object.entries({ a: 5, b: 5, c: 5 })));
    expect(result.get('old')?.['a']).toBeUndefined();
    for (const id of ['x', 'y']) expect(result.get(id)?.['a']).toEqual(result.get(id)?.['b']);
    expect([...result.values()].flatMap((own) => own['a'] ?? []).sort()).toEqual([0, 1, 2, 3, 4]);
    expect([...result.values()].flatMap((own) => own['c'] ?? []).sort()).toEqual([0, 1, 2, 3, 4]);
  });

  it('gives topics that nobody reads together to those that read each', () => {
    const coPartitioned = [['a', 'b']];
    const members = [{ ...member('x', ['a']), coPartitioned }, member('y', ['b'])];
    const result = assignPartitions(members, new Map(Object.entries({ a: 2, b: 2 })));
    expect([result.get('x'), result.get('y')]).toEqual([{ a: [0, 1] }, { b: [0, 1] }]);
  });
});

describe('partitions of tables', () => {
  const keeping = (id: string, names: readonly string[], own: Record<string, number[]> = {}, generation = 1) => ({
    ...member(id, ['a']),
    owned: own,
    generation,
    tables: names.map((name) => ({ name, topics: ['a'] })),
  });

  it('are never moved to a member that lacks a table of their owner (property)', () => {
    const names = fc.subarray(['t', 'u']);
    const sets = fc.array(fc.record({ tables: names, owned: fc.subarray([0, 1, 2, 3, 4, 5]) }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(sets, (all) => {
        const members = all.map(({ tables, owned }, at) => keeping(`m${at}`, tables, { a: owned }, at));
        const result = assignPartitions(members, new Map([['a', 6]]));
        for (let partition = 0; partition < 6; partition++) {
          const owner = members.findLast(({ owned }) => owned['a']?.includes(partition));
          const next = members.find(({ id }) => result.get(id)?.['a']?.includes(partition));
          const had = owner?.tables.map(({ name }) => name) ?? [];
          const has = next?.tables.map(({ name }) => name) ?? [];
          expect(has).toEqual(expect.arrayContaining(had));
        }
        expect([...result.values()].flatMap((own) => own['a'] ?? []).sort()).toEqual([0, 1, 2, 3, 4, 5]);
      }),
    );
  });

  it('move to members that have more, so that workers can be replaced one by one', () => {
    const members = [keeping('old', ['t'], { a: [0, 1, 2, 3] }), keeping('new', ['t', 'u'])];
    const result = assignPartitions(members, new Map([['a', 4]]));
    expect([result.get('old')?.['a']?.length, result.get('new')?.['a']?.length]).toEqual([2, 2]);
  });
});

/** All that a topic is connected with, directly or through others. */
function connected(topic: string | undefined, sets: readonly string[][]): string[] {
  const reached = new Set([topic ?? '']);
  for (let size = 0; size < reached.size; ) {
    size = reached.size;
    for (const set of sets.filter((each) => each.some((name) => reached.has(name)))) for (const name of set) reached.add(name);
  }
  return [...reached].sort();
}

describe('groups of topics', () => {
  it('that share a topic are one, however they are ordered', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1 })), (sets) => {
        const groups = joinGroups(sets);
        expect(new Set(groups.flat()).size).toBe(groups.flat().length);
        for (const set of sets) expect(groups.some((group) => set.every((topic) => group.includes(topic)))).toBe(true);
        for (const group of groups) expect(connected(group[0], sets)).toEqual(group);
        expect(joinGroups([...sets].reverse())).toEqual(groups);
      }),
    );
  });
});
