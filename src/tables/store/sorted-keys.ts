/** Keys of a chunk, at most: a new one moves half of them. */
const CHUNK_KEYS = 512;

/** Where a walk over keys goes on: behind the key, or at it. */
export interface KeyPlace {
  /** Undefined: at the beginning, or at the end for a walk downwards. */
  readonly key: Buffer | undefined;
  readonly isIncluded: boolean;
}

/** Keys in the order of their bytes, in chunks. A walk asks for one key after the other, so keys may come and go meanwhile. */
export class SortedKeys {
  readonly #chunks: Buffer[][] = [];

  /** Adds a key that is not there. The buffer is kept. */
  add(key: Buffer): void {
    const at = Math.max(0, this.#chunkOf(key));
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      this.#chunks.push([key]);
      return;
    }
    chunk.splice(firstFrom(chunk, key), 0, key);
    if (chunk.length > CHUNK_KEYS) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK_KEYS / 2));
  }

  delete(key: Buffer): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return;
    const index = firstFrom(chunk, key);
    if (chunk[index]?.equals(key) !== true) return;
    chunk.splice(index, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  clear(): void {
    this.#chunks.length = 0;
  }

  /** The smallest key from there up; undefined when there is none. */
  up({ key, isIncluded }: KeyPlace): Buffer | undefined {
    if (key === undefined) return this.#chunks[0]?.[0];
    const at = Math.max(0, this.#chunkOf(key));
    const chunk = this.#chunks[at];
    if (chunk === undefined) return undefined;
    let index = firstFrom(chunk, key);
    if (!isIncluded && chunk[index]?.equals(key) === true) index++;
    return chunk[index] ?? this.#chunks[at + 1]?.[0];
  }

  /** The largest key from there down; undefined when there is none. */
  down({ key, isIncluded }: KeyPlace): Buffer | undefined {
    if (key === undefined) return this.#chunks.at(-1)?.at(-1);
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return undefined;
    const index = firstFrom(chunk, key);
    if (isIncluded && chunk[index]?.equals(key) === true) return chunk[index];
    return index > 0 ? chunk[index - 1] : this.#chunks[at - 1]?.at(-1);
  }

  /** The last chunk that begins at or before the key; -1 when the key is before all. */
  #chunkOf(key: Buffer): number {
    let [low, high] = [0, this.#chunks.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.#chunks[middle]?.[0];
      if (first !== undefined && first.compare(key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** Index of the first key that is not smaller. */
function firstFrom(chunk: readonly Buffer[], key: Buffer): number {
  let [low, high] = [0, chunk.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((chunk[middle]?.compare(key) ?? 0) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
