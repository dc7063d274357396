const FIRST_SLOTS = 16;
/** A segment of this size splits in two instead of growing: no insertion moves more than this many entries. */
const LARGEST_SLOTS = 8_192;

/** Open addressing with linear probing over the low bits of the hash. A location of 0 stands for an empty slot: all are kept plus one. */
class Segment {
  hashes: Uint32Array;
  locations: Uint32Array;
  count = 0;
  /** Number of high bits of the hash that all entries have in common. */
  readonly depth: number;

  constructor(slots: number, depth: number) {
    this.hashes = new Uint32Array(slots);
    this.locations = new Uint32Array(slots);
    this.depth = depth;
  }

  get slots(): number {
    return this.hashes.length;
  }

  get isFull(): boolean {
    return this.count * 4 >= this.slots * 3;
  }

  put(hash: number, location: number): void {
    const mask = this.slots - 1;
    let slot = hash & mask;
    while (this.locations[slot] !== 0) slot = (slot + 1) & mask;
    this.hashes[slot] = hash;
    this.locations[slot] = location + 1;
    this.count++;
  }

  /** Closes the gap, so that probing needs no marks for what was deleted. */
  removeAt(slot: number): void {
    const mask = this.slots - 1;
    let gap = slot;
    for (let next = (gap + 1) & mask; this.locations[next] !== 0; next = (next + 1) & mask) {
      const home = (this.hashes[next] ?? 0) & mask;
      if (((next - home) & mask) < ((next - gap) & mask)) continue;
      this.hashes[gap] = this.hashes[next] ?? 0;
      this.locations[gap] = this.locations[next] ?? 0;
      gap = next;
    }
    this.locations[gap] = 0;
    this.count--;
  }

  grow(): void {
    const { hashes, locations } = this;
    this.hashes = new Uint32Array(hashes.length * 2);
    this.locations = new Uint32Array(hashes.length * 2);
    this.count = 0;
    for (let slot = 0; slot < hashes.length; slot++) if (locations[slot] !== 0) this.put(hashes[slot] ?? 0, (locations[slot] ?? 0) - 1);
  }
}

/**
 * From the hashes of keys to locations, by extendible hashing: a directory over the high bits of the hash names segments that
 * split one by one. So the index grows to many millions of entries without a pause to build it again.
 */
export class HashIndex {
  readonly #isKey: (location: number, key: Buffer) => boolean;
  #directory: Segment[] = [new Segment(FIRST_SLOTS, 0)];
  #depth = 0;
  #size = 0;

  /** @param isKey tells if the entry at a location has the key */
  constructor(isKey: (location: number, key: Buffer) => boolean) {
    this.#isKey = isKey;
  }

  get size(): number {
    return this.#size;
  }

  /** Returns -1 when the key has no entry. */
  find(hash: number, key: Buffer): number {
    const segment = this.#segment(hash);
    const slot = this.#slotOf(segment, hash, key);
    return slot < 0 ? -1 : (segment.locations[slot] ?? 0) - 1;
  }

  /** Adds a key that has no entry. */
  add(hash: number, location: number): void {
    let segment = this.#segment(hash);
    while (segment.isFull) {
      if (segment.slots < LARGEST_SLOTS || segment.depth >= 32) segment.grow();
      else this.#split(hash, segment);
      segment = this.#segment(hash);
    }
    segment.put(hash, location);
    this.#size++;
  }

  /** The entry of a key has another location now. */
  move(hash: number, from: number, to: number): void {
    const segment = this.#segment(hash);
    const mask = segment.slots - 1;
    for (let slot = hash & mask; segment.locations[slot] !== 0; slot = (slot + 1) & mask) {
      if (segment.locations[slot] !== from + 1) continue;
      segment.locations[slot] = to + 1;
      return;
    }
  }

  /** Returns the location of the entry that was removed, -1 when there was none. */
  remove(hash: number, key: Buffer): number {
    const segment = this.#segment(hash);
    const slot = this.#slotOf(segment, hash, key);
    if (slot < 0) return -1;
    const location = (segment.locations[slot] ?? 0) - 1;
    segment.removeAt(slot);
    this.#size--;
    return location;
  }

  /**
   * The locations of all keys whose hashes lie in the segment of `from`, and where the next segment begins: 2 ** 32 at the
   * end. Segments cover ranges of hashes and only ever split, so going from one to the next visits every key once.
   */
  locationsFrom(from: number): { readonly locations: number[]; readonly next: number } {
    const segment = this.#segment(from);
    const width = 2 ** (32 - segment.depth);
    const locations: number[] = [];
    for (const location of segment.locations) if (location !== 0) locations.push(location - 1);
    return { locations, next: (Math.floor(from / width) + 1) * width };
  }

  #segment(hash: number): Segment {
    const segment = this.#directory[this.#depth === 0 ? 0 : hash >>> (32 - this.#depth)];
    if (segment === undefined) throw new RangeError('the directory has no such segment');
    return segment;
  }

  #slotOf(segment: Segment, hash: number, key: Buffer): number {
    const { hashes, locations } = segment;
    const mask = hashes.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const location = locations[slot] ?? 0;
      if (location === 0) return -1;
      if (hashes[slot] === hash && this.#isKey(location - 1, key)) return slot;
    }
  }

  #split(hash: number, segment: Segment): void {
    if (segment.depth === this.#depth) {
      this.#directory = this.#directory.flatMap((each) => [each, each]);
      this.#depth++;
    }
    const depth = segment.depth + 1;
    const halves = [new Segment(LARGEST_SLOTS, depth), new Segment(LARGEST_SLOTS, depth)] as const;
    for (let slot = 0; slot < segment.slots; slot++) {
      const location = segment.locations[slot] ?? 0;
      const own = segment.hashes[slot] ?? 0;
      if (location !== 0) halves[(own >>> (32 - depth)) & 1 ? 1 : 0].put(own, location - 1);
    }
    const span = 2 ** (this.#depth - segment.depth);
    const first = Math.floor((hash >>> (32 - this.#depth)) / span) * span;
    for (let index = 0; index < span; index++) this.#directory[first + index] = halves[index < span / 2 ? 0 : 1];
  }
}
