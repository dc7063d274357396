import type { Serde } from '../topics/index.ts';

/** What an agent may name in `reads`. */
export interface View {
  readonly name: string;
  readonly '~reads': true;
}

/** What an agent may name in `tables`: state whose keys are those of its events. Never called. */
export interface StateKeyedBy<K> {
  readonly name: string;
  '~writes'(key: K): void;
}

export interface EntriesOptions<K> {
  /** Entries whose keys begin with this text. */
  readonly prefix?: (K extends string ? string : 'prefixes are for keys of text') | undefined;
  /** @default all */
  readonly limit?: number | undefined;
}

export interface RangeOptions<K> {
  /** First key, included. @default the smallest */
  readonly from?: K | undefined;
  /** Last key, excluded. @default none */
  readonly to?: K | undefined;
  /** @default all */
  readonly limit?: number | undefined;
  /** From the largest key down. @default false */
  readonly reverse?: boolean | undefined;
}

/**
 * A table as agents see it that read it. A read answers at once, with what the event in hand has written, or what events that
 * have finished left. Values are decoded again by each read: changing one that was read changes nothing.
 *
 * @throws StreamerError `USAGE` outside of an event, and in an agent that does not name the table
 */
export interface TableView<K, V> extends View {
  get(key: K): V | undefined;
  has(key: K): boolean;
  /** Entries of the event's partition in no particular order. */
  entries(options?: EntriesOptions<K>): Iterable<[key: K, value: V]>;
}

/**
 * A table that an agent writes. Writes belong to the event in hand: other events see them when it has finished; a failed
 * attempt leaves none. They are committed in one transaction with the event's offset.
 *
 * @throws StreamerError `USAGE` for a key that is not the event's (`shardBy`), `VALIDATION` for what the serdes refuse, and
 *   for keys above 1,900 bytes
 */
export interface TableWriter<K, V> extends TableView<K, V> {
  set(key: K, value: V): void;
  /** Returns true if there was an entry. */
  delete(key: K): boolean;
  /** Sets what the function makes of the value, deletes the entry when that is undefined, and returns it. */
  update(key: K, fn: (value: V | undefined) => V | undefined): V | undefined;
}

export interface Table<K, V> extends TableWriter<K, V>, StateKeyedBy<K> {}

/** A table whose entries are written by events with another key than theirs: `shardBy` says which. */
export interface ShardedTable<K, V, SK> extends TableWriter<K, V>, StateKeyedBy<SK> {}

/** A table that keeps its keys in the order of their bytes. */
export interface OrderedTable<K, V, SK = K> extends TableWriter<K, V>, StateKeyedBy<SK> {
  range(options?: RangeOptions<K>): Iterable<[key: K, value: V]>;
}

export type AnySerde = Serde<never, unknown>;
export type Schema = { readonly '~standard': unknown };
type Out<S> = S extends Serde<infer _In, infer O> ? O : never;

/** A table gives back what it was given, so its serde must take what it gives. */
export type Kept<S> = S extends Schema
  ? 'a schema is not a serde: write json(schema)'
  : S extends Serde<infer I, infer O>
    ? [O] extends [I]
      ? S
      : 'a table stores again what it has returned: this serde takes another type than it gives'
    : S;

export interface TableOptions<KS, VS, Ordered, SK> {
  readonly key: Kept<KS>;
  readonly value: Kept<VS>;
  /** Keeps the keys in order, for `range`. @default false */
  readonly ordered?: Ordered | undefined;
  /** The key of the events that write an entry. @default the entry's own */
  readonly shardBy?: ((key: Out<KS>) => SK) | undefined;
}

type ShardKey<K, SK> = [SK] extends [never] ? K : SK;
export type Declared<KS, VS, Ordered, SK> = Ordered extends true
  ? OrderedTable<Out<KS>, Out<VS>, ShardKey<Out<KS>, SK>>
  : [SK] extends [never]
    ? Table<Out<KS>, Out<VS>>
    : ShardedTable<Out<KS>, Out<VS>, SK>;
