import { HashIndex } from './hash-index.ts';
import { keyHash } from './key-hash.ts';
import { Slabs } from './slabs.ts';
import type { Store, StoreEntry } from './store.ts';

/** A store outside of the JavaScript heap, which the garbage collector does not walk through. Entries live as long as the process. */
export class MemoryStore implements Store {
  #slabs = new Slabs();
  #index = this.#newIndex();
  #bytes = 0;

  get size(): number {
    return this.#index.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: Buffer): Buffer | undefined {
    const location = this.#index.find(keyHash(key), key);
    return location < 0 ? undefined : this.#slabs.value(location);
  }

  set(key: Buffer, value: Buffer): void {
    const hash = keyHash(key);
    const location = this.#index.find(hash, key);
    if (location < 0) {
      this.#index.add(hash, this.#slabs.add(key, value));
      this.#bytes += key.length + value.length;
      return;
    }
    this.#bytes += value.length - this.#slabs.valueLength(location);
    if (this.#slabs.replace(location, value)) return;
    const next = this.#slabs.add(key, value);
    this.#index.move(hash, location, next);
    this.#slabs.free(location);
  }

  delete(key: Buffer): boolean {
    const location = this.#index.remove(keyHash(key), key);
    if (location < 0) return false;
    this.#bytes -= key.length + this.#slabs.valueLength(location);
    this.#slabs.free(location);
    return true;
  }

  *entries(prefix?: Buffer): Iterable<StoreEntry> {
    for (let from = 0; from < 2 ** 32; ) {
      const { locations, next } = this.#index.locationsFrom(from);
      // Copied before the first is handed out: the caller may write in between.
      yield* locations.flatMap((location) => this.#entry(location, prefix));
      from = next;
    }
  }

  compact(untilMs: number): boolean {
    while (this.#slabs.compactOne((key, from, to) => this.#index.move(keyHash(key), from, to))) {
      if (Date.now() >= untilMs) return true;
    }
    return false;
  }

  clear(): void {
    this.#slabs = new Slabs();
    this.#index = this.#newIndex();
    this.#bytes = 0;
  }

  #entry(location: number, prefix: Buffer | undefined): StoreEntry[] {
    const key = this.#slabs.key(location);
    if (prefix !== undefined && !startsWith(key, prefix)) return [];
    return [{ key: Buffer.from(key), value: Buffer.from(this.#slabs.value(location)) }];
  }

  #newIndex(): HashIndex {
    return new HashIndex((location, key) => this.#slabs.hasKey(location, key));
  }
}

function startsWith(key: Buffer, prefix: Buffer): boolean {
  return key.length >= prefix.length && key.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
}
