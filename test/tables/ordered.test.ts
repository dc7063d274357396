import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EventState } from '../../src/tables/event-state.ts';
import { Shard } from '../../src/tables/shard.ts';
import { MemoryStore } from '../../src/tables/store/memory-store.ts';
import { OrderedStore } from '../../src/tables/store/ordered-store.ts';
import { SortedKeys } from '../../src/tables/store/sorted-keys.ts';

const key = fc.uint8Array({ maxLength: 2 }).map((bytes) => Buffer.from(bytes));
const bound = fc.option(key, { nil: undefined });

function walk(keys: SortedKeys, isReverse: boolean): string[] {
  const found: string[] = [];
  let next = isReverse ? keys.down({ key: undefined, isIncluded: true }) : keys.up({ key: undefined, isIncluded: true });
  while (next !== undefined) {
    found.push(next.toString('hex'));
    next = isReverse ? keys.down({ key: next, isIncluded: false }) : keys.up({ key: next, isIncluded: false });
  }
  return found;
}

it('keys are walked in the order of their bytes, up and down, whatever is added and deleted', () => {
  const operation = fc.tuple(fc.boolean(), fc.uint8Array({ minLength: 1, maxLength: 2 }));
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 2_000, minLength: 500 }), fc.uint8Array({ maxLength: 2 }), (operations, at) => {
      const keys = new SortedKeys();
      const model = new Map<string, Buffer>();
      for (const [isAdded, bytes] of operations) {
        const one = Buffer.from(bytes);
        const id = one.toString('hex');
        if (!isAdded) keys.delete(one);
        else if (!model.has(id)) keys.add(one);
        if (isAdded) model.set(id, one);
        else model.delete(id);
      }
      const sorted = [...model.values()].sort(Buffer.compare).map((one) => one.toString('hex'));
      expect([walk(keys, false), walk(keys, true)]).toEqual([sorted, [...sorted].reverse()]);
      const place = Buffer.from(at);
      for (const isIncluded of [true, false]) {
        const up = sorted.find((one) => Buffer.from(one, 'hex').compare(place) >= (isIncluded ? 0 : 1));
        const down = sorted.findLast((one) => Buffer.from(one, 'hex').compare(place) <= (isIncluded ? 0 : -1));
        expect([keys.up({ key: place, isIncluded }), keys.down({ key: place, isIncluded })].map((one) => one?.toString('hex'))).toEqual([
          up,
          down,
        ]);
      }
    }),
    { numRuns: 60 },
  );
});

const write = fc.tuple(key, fc.option(fc.string({ maxLength: 3 })));
const layer = fc.array(write, { maxLength: 30 });

it('a range shows what an event sees: its own writes, then those of the layers, in order and within the bounds', () => {
  fc.assert(
    fc.property(layer, layer, layer, layer, bound, bound, fc.boolean(), (base, cut, dirty, own, from, to, isReverse) => {
      const shard = new Shard(new OrderedStore(new MemoryStore()));
      const model = new Map<string, string>();
      const note = ([one, text]: readonly [Buffer, string | null]) => {
        if (text === null) model.delete(one.toString('hex'));
        else model.set(one.toString('hex'), text);
      };
      const put = (writes: ReadonlyArray<readonly [Buffer, string | null]>): EventState => {
        const event = new EventState();
        for (const one of writes) {
          event.set(shard, one[0], one[1] === null ? null : Buffer.from(one[1]));
          note(one);
        }
        return event;
      };
      put(base).apply();
      shard.cut();
      shard.promote(Date.now() + 1_000);
      put(cut).apply();
      shard.cut();
      put(dirty).apply();
      const event = put(own);
      const seen = [...event.range(shard, from, to, isReverse)].map((entry) => [entry.key.toString('hex'), String(entry.value)]);
      const expected = [...model]
        .filter(
          ([id]) =>
            (from === undefined || Buffer.from(id, 'hex').compare(from) >= 0) &&
            (to === undefined || Buffer.from(id, 'hex').compare(to) < 0),
        )
        .sort(([one], [other]) => Buffer.from(one, 'hex').compare(Buffer.from(other, 'hex')));
      expect(seen).toEqual(isReverse ? expected.reverse() : expected);
    }),
    { numRuns: 300 },
  );
});

it('a range goes on over entries that are deleted, added and promoted while it is walked', () => {
  const shard = new Shard(new OrderedStore(new MemoryStore()));
  const put = (text: string, value: string | null) => {
    const event = new EventState();
    event.set(shard, Buffer.from(text), value === null ? null : Buffer.from(value));
    event.apply();
  };
  for (const text of ['a', 'c', 'e', 'g']) put(text, '1');
  const seen: string[] = [];
  for (const { key: at } of new EventState().range(shard, undefined, undefined, false)) {
    seen.push(String(at));
    if (seen.length > 1) continue;
    put('b', '1');
    put('c', null);
    shard.cut();
    shard.promote(Date.now() + 1_000);
  }
  expect(seen).toEqual(['a', 'b', 'e', 'g']);
});
