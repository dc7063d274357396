import type { KeyPlace } from './sorted-keys.ts';

/** One entry of a store. Both buffers belong to the caller. */
export interface StoreEntry {
  readonly key: Buffer;
  readonly value: Buffer;
}

/**
 * The committed entries of one shard of a table, as bytes. A shard promotes the entries of a committed cut with `set` and
 * `delete`; its readers call `get` between, in the same turn of the event loop. Nothing here waits.
 *
 * Keys have at most 65,534 bytes; tables refuse longer ones long before.
 */
export interface Store {
  /** Number of entries. */
  readonly size: number;
  /** Bytes of all keys and values. */
  readonly bytes: number;
  /** Returns a view that is valid until the next write: decode it at once, or copy it. */
  get(key: Buffer): Buffer | undefined;
  set(key: Buffer, value: Buffer): void;
  /** Returns true if there was an entry. */
  delete(key: Buffer): boolean;
  /**
   * Visits entries in no particular order. Writes are allowed meanwhile: an entry that is there from start to end is visited
   * once; one that is written or deleted meanwhile may be visited with either state, or not.
   */
  entries(prefix?: Buffer): Iterable<StoreEntry>;
  /**
   * For stores that keep an order, by the keys' bytes: the next key from the place on, up or down; undefined when there is none. The
   * buffer stays the store's.
   */
  nextKey?(place: KeyPlace, isReverse: boolean): Buffer | undefined;
  /** Gives memory back, in small steps, until `Date.now()` reaches the time. Returns true if there is more to do. */
  compact(untilMs: number): boolean;
  /** Removes all entries. */
  clear(): void;
}
