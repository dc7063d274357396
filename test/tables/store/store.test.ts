import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../../src/tables/store/memory-store.ts';
import { OrderedStore } from '../../../src/tables/store/ordered-store.ts';
import type { Store } from '../../../src/tables/store/store.ts';

const STORES: ReadonlyArray<readonly [name: string, open: () => Store]> = [
  ['memory', () => new MemoryStore()],
  ['ordered', () => new OrderedStore(new MemoryStore())],
];

const small = fc.uint8Array({ minLength: 0, maxLength: 3 }).map((bytes) => Buffer.from(bytes));
const value = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fc.integer({ min: 0, max: 200_000 }).map((length) => Buffer.alloc(length, length & 255)),
);
type Step = readonly ['set', Buffer, Buffer] | readonly ['delete', Buffer] | readonly ['compact'] | readonly ['clear'];
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 50, arbitrary: fc.tuple(fc.constant('set' as const), small, value) },
  { weight: 25, arbitrary: fc.tuple(fc.constant('delete' as const), small) },
  { weight: 10, arbitrary: fc.constant(['compact'] as const) },
  { weight: 1, arbitrary: fc.constant(['clear'] as const) },
);

function contentOf(store: Store): Map<string, string> {
  return new Map([...store.entries()].map((entry) => [entry.key.toString('hex'), entry.value.toString('hex')]));
}

describe.each(STORES)('a store: %s', (_name, open) => {
  it('holds what a Map would, whatever is set, replaced, deleted and compacted', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const store = open();
        const model = new Map<string, string>();
        for (const one of steps) {
          if (one[0] === 'set') {
            store.set(one[1], one[2]);
            model.set(one[1].toString('hex'), one[2].toString('hex'));
          } else if (one[0] === 'delete') {
            expect(store.delete(one[1])).toBe(model.delete(one[1].toString('hex')));
          } else if (one[0] === 'compact') {
            while (store.compact(Date.now() + 1_000));
          } else {
            store.clear();
            model.clear();
          }
        }
        expect(contentOf(store)).toEqual(model);
        expect(store.size).toBe(model.size);
        expect(store.bytes).toBe([...model].reduce((sum, [key, held]) => sum + (key.length + held.length) / 2, 0));
        for (const [key, held] of model) expect(store.get(Buffer.from(key, 'hex'))?.toString('hex')).toBe(held);
      }),
      { numRuns: 150 },
    );
  });

  it('keeps a hundred thousand entries through replacement by longer values, deletion of half, and compaction', () => {
    const store = open();
    const keyOf = (n: number) => Buffer.from(`user:${n}`);
    for (let n = 0; n < 100_000; n++) store.set(keyOf(n), Buffer.from(`${n}`));
    for (let n = 0; n < 100_000; n++) store.set(keyOf(n), Buffer.from(`a longer value of ${n}`));
    for (let n = 0; n < 100_000; n += 2) expect(store.delete(keyOf(n))).toBe(true);
    while (store.compact(Date.now() + 5));
    expect(store.size).toBe(50_000);
    for (let n = 0; n < 100_000; n++) expect(store.get(keyOf(n))?.toString()).toBe(n % 2 === 0 ? undefined : `a longer value of ${n}`);
    expect([...store.entries(Buffer.from('user:9999'))].map(({ key }) => key.toString()).sort()).toEqual(
      ['user:9999', ...[1, 3, 5, 7, 9].map((n) => `user:9999${n}`)].sort(),
    );
  });

  it('visits every entry once though others are written meanwhile', () => {
    const store = open();
    for (let n = 0; n < 20_000; n++) store.set(Buffer.from(`old ${n}`), Buffer.from('x'));
    const seen = new Map<string, number>();
    let added = 0;
    for (const { key } of store.entries(Buffer.from('old'))) {
      seen.set(key.toString(), (seen.get(key.toString()) ?? 0) + 1);
      if (added < 60_000) store.set(Buffer.from(`new ${added++}`), Buffer.from('y'));
    }
    expect(seen.size).toBe(20_000);
    expect([...seen.values()].every((count) => count === 1)).toBe(true);
  });
});
