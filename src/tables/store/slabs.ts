/** Locations count units of this size, so that 32 bits address 32 GiB. */
const UNIT = 8;
const SLAB_BYTES = 65_536;
const SLAB_UNITS = SLAB_BYTES / UNIT;
/** Bytes before an entry's key: length of the key (2), length of the value (4), units of the entry (4). */
const HEAD = 10;
/** A key length that no key has: the entry was freed. */
const FREED = 0xffff;
/** Empty slabs that are kept for later. */
const SPARE_SLABS = 16;

interface Slab {
  readonly buffer: Buffer;
  /** Units given out, from the start. */
  used: number;
  /** Units of entries that were not freed. */
  live: number;
  /** Waits to be compacted. */
  isListed: boolean;
}

/**
 * Entries in large buffers outside of the JavaScript heap. An entry keeps its location until it is freed or moved by a
 * compaction. A slab of which a third is dead is listed for compaction.
 */
export class Slabs {
  readonly #slabs: Array<Slab | undefined> = [];
  readonly #freeNumbers: number[] = [];
  readonly #spare: Buffer[] = [];
  readonly #sparse: number[] = [];
  #current = -1;

  /** Writes an entry and returns its location. */
  add(key: Buffer, value: Buffer): number {
    const units = unitsOf(key.length, value.length);
    const number = this.#roomFor(units);
    const slab = this.#slab(number);
    const location = number * SLAB_UNITS + slab.used;
    const at = slab.used * UNIT;
    slab.used += units;
    slab.live += units;
    slab.buffer.writeUInt16LE(key.length, at);
    slab.buffer.writeUInt32LE(value.length, at + 2);
    slab.buffer.writeUInt32LE(units, at + 6);
    key.copy(slab.buffer, at + HEAD);
    value.copy(slab.buffer, at + HEAD + key.length);
    return location;
  }

  /** Writes another value in place. Returns false when it does not fit. */
  replace(location: number, value: Buffer): boolean {
    const { buffer } = this.#slabAt(location);
    const at = offsetOf(location);
    const keyLength = buffer.readUInt16LE(at);
    if (HEAD + keyLength + value.length > buffer.readUInt32LE(at + 6) * UNIT) return false;
    buffer.writeUInt32LE(value.length, at + 2);
    value.copy(buffer, at + HEAD + keyLength);
    return true;
  }

  free(location: number): void {
    const number = Math.floor(location / SLAB_UNITS);
    const slab = this.#slab(number);
    const at = offsetOf(location);
    slab.live -= slab.buffer.readUInt32LE(at + 6);
    slab.buffer.writeUInt16LE(FREED, at);
    if (number === this.#current || slab.isListed) return;
    if (slab.live === 0) this.#release(number);
    else if (slab.live * 3 < slab.used * 2) this.#list(number, slab);
  }

  hasKey(location: number, key: Buffer): boolean {
    const { buffer } = this.#slabAt(location);
    const at = offsetOf(location);
    if (buffer.readUInt16LE(at) !== key.length) return false;
    const start = at + HEAD;
    if (key.length > 32) return buffer.compare(key, 0, key.length, start, start + key.length) === 0;
    for (let index = 0; index < key.length; index++) if (buffer[start + index] !== key[index]) return false;
    return true;
  }

  /** A view of the key. */
  key(location: number): Buffer {
    const { buffer } = this.#slabAt(location);
    const at = offsetOf(location);
    return buffer.subarray(at + HEAD, at + HEAD + buffer.readUInt16LE(at));
  }

  /** A view of the value. */
  value(location: number): Buffer {
    const { buffer } = this.#slabAt(location);
    const at = offsetOf(location);
    const start = at + HEAD + buffer.readUInt16LE(at);
    return buffer.subarray(start, start + buffer.readUInt32LE(at + 2));
  }

  valueLength(location: number): number {
    return this.#slabAt(location).buffer.readUInt32LE(offsetOf(location) + 2);
  }

  /**
   * Moves the live entries of one sparse slab to others and gives its memory back. Returns false when no slab is sparse.
   *
   * @param moved called for each entry with its key, its old and its new location
   */
  compactOne(moved: (key: Buffer, from: number, to: number) => void): boolean {
    const number = this.#sparse.pop();
    if (number === undefined) return false;
    const slab = this.#slab(number);
    for (let unit = 0; unit < slab.used; ) {
      const at = unit * UNIT;
      const units = slab.buffer.readUInt32LE(at + 6);
      if (slab.buffer.readUInt16LE(at) !== FREED) {
        const location = number * SLAB_UNITS + unit;
        const key = this.key(location);
        moved(key, location, this.add(key, this.value(location)));
      }
      unit += units;
    }
    this.#release(number);
    return true;
  }

  #roomFor(units: number): number {
    const current = this.#current < 0 ? undefined : this.#slabs[this.#current];
    if (current !== undefined && current.used + units <= SLAB_UNITS) return this.#current;
    const isLarge = units > SLAB_UNITS;
    const number = this.#open(isLarge ? units * UNIT : SLAB_BYTES);
    // An entry larger than a slab has one of its own.
    if (!isLarge) this.#leave(number);
    return number;
  }

  /** The slab that was filled so far may be sparse, or empty, by now. */
  #leave(next: number): void {
    const left = this.#current;
    this.#current = next;
    const slab = left < 0 ? undefined : this.#slabs[left];
    if (slab === undefined) return;
    if (slab.live === 0) this.#release(left);
    else if (slab.live * 3 < slab.used * 2) this.#list(left, slab);
  }

  #open(bytes: number): number {
    const buffer = (bytes === SLAB_BYTES ? this.#spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(bytes);
    const number = this.#freeNumbers.pop() ?? this.#slabs.length;
    this.#slabs[number] = { buffer, used: 0, live: 0, isListed: false };
    return number;
  }

  #list(number: number, slab: Slab): void {
    slab.isListed = true;
    this.#sparse.push(number);
  }

  #release(number: number): void {
    const { buffer } = this.#slab(number);
    this.#slabs[number] = undefined;
    this.#freeNumbers.push(number);
    if (buffer.length === SLAB_BYTES && this.#spare.length < SPARE_SLABS) this.#spare.push(buffer);
  }

  #slabAt(location: number): Slab {
    return this.#slab(Math.floor(location / SLAB_UNITS));
  }

  #slab(number: number): Slab {
    const slab = this.#slabs[number];
    if (slab === undefined) throw new RangeError(`slab ${number} is not in use`);
    return slab;
  }
}

function unitsOf(keyLength: number, valueLength: number): number {
  return Math.ceil((HEAD + keyLength + valueLength) / UNIT);
}

function offsetOf(location: number): number {
  return (location % SLAB_UNITS) * UNIT;
}
