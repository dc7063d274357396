import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeChangelogValue, encodeChangelogValue } from '../../src/tables/changelog/envelope.ts';
import { EventState } from '../../src/tables/event-state.ts';
import { Shard } from '../../src/tables/shard.ts';
import { MemoryStore } from '../../src/tables/store/memory-store.ts';

const bytes = (text: string) => Buffer.from(text);
const soon = () => Date.now() + 1_000;

function contentOf(shard: Shard): Record<string, string> {
  return Object.fromEntries([...shard.entries()].map(({ key, value }) => [String(key), String(value)]).sort());
}

type Step =
  | { readonly do: 'event'; readonly writes: ReadonlyArray<readonly [key: string, value: string | null]>; readonly fails: boolean }
  | { readonly do: 'cut' | 'commit' | 'abort' };

const key = fc.constantFrom('a', 'b', 'c', 'd');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('event' as const),
    writes: fc.array(fc.tuple(key, fc.option(fc.string({ maxLength: 4 }))), { maxLength: 5 }),
    fails: fc.boolean(),
  }),
  fc.record({ do: fc.constantFrom('cut' as const, 'commit' as const, 'abort' as const) }),
);

/** A shard beside the three maps that it should behave like. */
class Pair {
  readonly #shard = new Shard(new MemoryStore());
  #base = new Map<string, string>();
  #cut: Map<string, string> | undefined;
  #now = new Map<string, string>();

  run(step: Step): void {
    if (step.do === 'event') this.#event(step.writes, step.fails);
    else if (step.do === 'cut') this.#begin();
    else if (step.do === 'commit') this.#commit();
    else this.#abort();
    expect(contentOf(this.#shard)).toEqual(Object.fromEntries([...this.#now].sort()));
    const base = [...this.#shard.base.entries()].map((entry) => [String(entry.key), String(entry.value)]);
    expect(Object.fromEntries(base.sort())).toEqual(Object.fromEntries([...this.#base].sort()));
  }

  #event(writes: ReadonlyArray<readonly [string, string | null]>, fails: boolean): void {
    const state = new EventState();
    const seen = new Map(this.#now);
    for (const [name, value] of writes) {
      state.set(this.#shard, bytes(name), value === null ? null : bytes(value));
      if (value === null) seen.delete(name);
      else seen.set(name, value);
      expect(state.get(this.#shard, bytes(name))?.toString()).toBe(seen.get(name));
    }
    if (fails) return state.drop();
    state.apply();
    this.#now = seen;
  }

  #begin(): void {
    if (this.#cut !== undefined) return;
    this.#cut = new Map(this.#now);
    this.#shard.cut();
  }

  #commit(): void {
    if (this.#cut === undefined) return;
    this.#base = this.#cut;
    this.#cut = undefined;
    expect(this.#shard.promote(soon())).toBe(true);
  }

  #abort(): void {
    this.#now = new Map(this.#base);
    this.#cut = undefined;
    this.#shard.drop();
  }
}

describe('the layers of a shard', () => {
  it('are what a model of three maps says, for any order of events, cuts, commits and aborts', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const pair = new Pair();
        for (const one of steps) pair.run(one);
      }),
    );
  });

  it('promote in slices, and show the same meanwhile', () => {
    const shard = new Shard(new MemoryStore());
    const state = new EventState();
    for (let n = 0; n < 1_000; n++) state.set(shard, bytes(`k${n}`), bytes(`${n}`));
    state.apply();
    expect([...shard.cut()]).toHaveLength(1_000);
    let slices = 0;
    while (!shard.promote(0)) {
      slices++;
      expect(shard.get(bytes('k999'))?.toString()).toBe('999');
    }
    expect(slices).toBeGreaterThan(10);
    expect([shard.base.size, shard.hasCut]).toEqual([1_000, false]);
  });

  it('refuse a second cut, and to drop one that is being promoted', () => {
    const shard = new Shard(new MemoryStore());
    const state = new EventState();
    for (let n = 0; n < 100; n++) state.set(shard, bytes(`${n}`), bytes('x'));
    state.apply();
    shard.cut();
    expect(() => shard.cut()).toThrow(/not been promoted/);
    shard.promote(0);
    expect(() => shard.drop()).toThrow(/committed/);
  });
});

it('a changelog value is read as it was written, and refused when it is cut off', () => {
  fc.assert(
    fc.property(fc.nat(Number.MAX_SAFE_INTEGER), fc.uint8Array({ maxLength: 20 }), (timestamp, content) => {
      const value = Buffer.from(content);
      const encoded = encodeChangelogValue({ timestamp, value });
      expect(decodeChangelogValue(encoded)).toEqual({ timestamp, value });
      expect(() => decodeChangelogValue(encoded.subarray(0, encoded.length - content.length - 1))).toThrow(RangeError);
    }),
  );
  expect(() => decodeChangelogValue(Buffer.from([2, 0]))).toThrow(/format 2/);
});
