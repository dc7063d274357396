import { type KeyPlace, SortedKeys } from './store/sorted-keys.ts';
import type { Store, StoreEntry } from './store/store.ts';

/** What an entry becomes: bytes, or null where it is deleted. */
export interface Change {
  readonly key: Buffer;
  readonly value: Buffer | null;
  /** Time of the event that wrote it, in milliseconds since 1970. */
  readonly timestamp: number;
}

/** The text by which a layer knows a key: its bytes, one character each. */
export function keyId(key: Buffer): string {
  return key.toString('latin1');
}

/** Changes between two looks at the clock. */
const SLICE_ENTRIES = 64;

/**
 * One partition of a table, in three layers: *base* is what the last committed transaction left and lies in the store; *cut*
 * is what the transaction under way writes; *dirty* is what events that have finished since then changed. Readers see all
 * three. A committed cut is promoted into the base; when the transaction is given up, cut and dirty are dropped together.
 */
export class Shard {
  readonly #store: Store;
  #dirty = new Map<string, Change>();
  #cut: Map<string, Change> | undefined;
  /** Of a store that keeps an order: the keys of the layers above it. */
  #dirtyKeys: SortedKeys | undefined;
  #cutKeys: SortedKeys | undefined;
  /** What is left to promote. */
  #promoting: IterableIterator<Change> | undefined;

  constructor(store: Store) {
    this.#store = store;
    if (store.nextKey !== undefined) this.#dirtyKeys = new SortedKeys();
  }

  /** The committed entries. */
  get base(): Store {
    return this.#store;
  }

  /** Entries that the next cut takes. */
  get dirtyEntries(): number {
    return this.#dirty.size;
  }

  /** True from `cut` until the cut is promoted whole, or dropped. */
  get hasCut(): boolean {
    return this.#cut !== undefined;
  }

  /** Returns a view that is valid until the next write: decode it at once. */
  get(key: Buffer, id = keyId(key)): Buffer | undefined {
    const change = this.#dirty.get(id) ?? this.#cut?.get(id);
    return change === undefined ? this.#store.get(key) : (change.value ?? undefined);
  }

  /** Takes over what an event that has finished wrote. The buffers are kept. */
  apply(id: string, change: Change): void {
    if (this.#dirtyKeys !== undefined && !this.#dirty.has(id)) this.#dirtyKeys.add(change.key);
    this.#dirty.set(id, change);
  }

  /**
   * Begins a cut: everything dirty belongs to it from now on. Returns its changes, one a key, for the changelog.
   *
   * @throws RangeError while another cut is there
   */
  cut(): Iterable<Change> {
    if (this.#cut !== undefined) throw new RangeError('the last cut of the shard has not been promoted');
    this.#cut = this.#dirty;
    this.#dirty = new Map();
    if (this.#dirtyKeys !== undefined) {
      this.#cutKeys = this.#dirtyKeys;
      this.#dirtyKeys = new SortedKeys();
    }
    return this.#cut.values();
  }

  /** The transaction is committed: moves the cut into the base until `Date.now()` reaches the time. Returns true when it is done. */
  promote(untilMs: number): boolean {
    if (this.#cut === undefined) return true;
    this.#promoting ??= this.#cut.values();
    let left = SLICE_ENTRIES;
    for (let next = this.#promoting.next(); !next.done; next = this.#promoting.next()) {
      const { key, value } = next.value;
      if (value === null) this.#store.delete(key);
      else this.#store.set(key, value);
      if (--left > 0) continue;
      if (Date.now() >= untilMs) return false;
      left = SLICE_ENTRIES;
    }
    this.#promoting = undefined;
    this.#cut = undefined;
    this.#cutKeys = undefined;
    return true;
  }

  /**
   * The transaction is given up: what it wrote is gone, and so is all that came after, since it may have been computed from it.
   *
   * @throws RangeError when the cut is being promoted
   */
  drop(): void {
    if (this.#promoting !== undefined) throw new RangeError('a cut that is committed cannot be dropped');
    this.#cut = undefined;
    this.#cutKeys = undefined;
    this.#dirty.clear();
    this.#dirtyKeys?.clear();
  }

  /**
   * The next key from the place on, in any layer: its entry may have been deleted. For stores that keep an order. The buffer stays the
   * shard's.
   */
  nextKey(place: KeyPlace, isReverse: boolean): Buffer | undefined {
    const above = [this.#cutKeys, this.#dirtyKeys].map((keys) => (isReverse ? keys?.down(place) : keys?.up(place)));
    return nearest([this.#store.nextKey?.(place, isReverse), ...above], isReverse);
  }

  /** All entries as a reader sees them, in no particular order. Copies. */
  *entries(prefix?: Buffer): Iterable<StoreEntry> {
    const above = new Map([...(this.#cut ?? []), ...this.#dirty]);
    for (const { key, value } of above.values()) {
      if (value !== null && hasPrefix(key, prefix)) yield { key, value };
    }
    for (const entry of this.#store.entries(prefix)) if (!above.has(keyId(entry.key))) yield entry;
  }
}

export function hasPrefix(key: Buffer, prefix: Buffer | undefined): boolean {
  return prefix === undefined || key.subarray(0, prefix.length).equals(prefix);
}

/** The first of some keys: the smallest, or the largest for a walk downwards. */
export function nearest(keys: ReadonlyArray<Buffer | undefined>, isReverse: boolean): Buffer | undefined {
  let found: Buffer | undefined;
  for (const key of keys) {
    if (key === undefined) continue;
    if (found === undefined || (isReverse ? key.compare(found) > 0 : key.compare(found) < 0)) found = key;
  }
  return found;
}
