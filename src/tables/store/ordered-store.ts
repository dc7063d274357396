import { type KeyPlace, SortedKeys } from './sorted-keys.ts';
import type { Store, StoreEntry } from './store.ts';

/** A store that keeps its keys in order: beside another store, which has the entries, it holds a copy of each key. */
export class OrderedStore implements Store {
  readonly #store: Store;
  readonly #keys = new SortedKeys();

  /** @param store an empty one */
  constructor(store: Store) {
    this.#store = store;
  }

  get size(): number {
    return this.#store.size;
  }

  get bytes(): number {
    return this.#store.bytes;
  }

  get(key: Buffer): Buffer | undefined {
    return this.#store.get(key);
  }

  set(key: Buffer, value: Buffer): void {
    const { size } = this.#store;
    this.#store.set(key, value);
    if (this.#store.size > size) this.#keys.add(Buffer.from(key));
  }

  delete(key: Buffer): boolean {
    const isThere = this.#store.delete(key);
    if (isThere) this.#keys.delete(key);
    return isThere;
  }

  entries(prefix?: Buffer): Iterable<StoreEntry> {
    return this.#store.entries(prefix);
  }

  nextKey(place: KeyPlace, isReverse: boolean): Buffer | undefined {
    return isReverse ? this.#keys.down(place) : this.#keys.up(place);
  }

  compact(untilMs: number): boolean {
    return this.#store.compact(untilMs);
  }

  clear(): void {
    this.#store.clear();
    this.#keys.clear();
  }
}
