import type { Worker } from '../runtime/index.ts';
import type { DeclaredTable } from '../tables/index.ts';

/** What a table of the app under test holds: what events that have finished wrote, committed or not. */
export interface TestTable<K, V> {
  get(key: K): V | undefined;
  has(key: K): boolean;
  /** In no particular order. */
  entries(): Array<[key: K, value: V]>;
}

/** Reads a table from outside of events, which the app itself cannot do. The types are those of its declaration. */
export function testTable<K, V>({ name, changelog: topic, serdes }: DeclaredTable, worker: () => Worker): TestTable<K, V> {
  const keyOf = (bytes: Buffer) => serdes.key.decode(bytes, { topic, part: 'key' }) as K;
  const valueOf = (bytes: Buffer) => serdes.value.decode(bytes, { topic, part: 'value' }) as V;
  const find = (key: K): Buffer | undefined => {
    const bytes = serdes.key.encode(key as never, { topic, part: 'key' });
    if (bytes instanceof Promise) throw new TypeError(`table "${name}": its key serde answers later`);
    for (const shard of worker().shards(name)) {
      const value = shard.get(bytes);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  return {
    get: (key) => {
      const value = find(key);
      return value === undefined ? undefined : valueOf(value);
    },
    has: (key) => find(key) !== undefined,
    entries: () =>
      worker()
        .shards(name)
        .flatMap((shard) => [...shard.entries()].map(({ key, value }): [K, V] => [keyOf(key), valueOf(value)])),
  };
}
