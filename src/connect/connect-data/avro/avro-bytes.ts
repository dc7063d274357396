const START = 1024;

/** Builds bytes in Avro's binary encoding. */
export class AvroBytes {
  #bytes: Buffer;
  #length: number;

  /** @param skipped room for a header */
  constructor(skipped: number) {
    this.#bytes = Buffer.allocUnsafe(START);
    this.#length = skipped;
  }

  /** Returns what was written, with the room for the header. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  boolean(value: boolean): void {
    this.#byte(value ? 1 : 0);
  }

  /** An int or a long: zig-zag, then seven bits a byte. */
  long(value: number | bigint): void {
    if (typeof value === 'number' && value >= -0x4000_0000 && value < 0x4000_0000) this.#small((value << 1) ^ (value >> 31));
    else this.#large(BigInt(value));
  }

  #small(zigzag: number): void {
    let left = zigzag >>> 0;
    for (; left > 0x7f; left >>>= 7) this.#byte((left & 0x7f) | 0x80);
    this.#byte(left);
  }

  #large(value: bigint): void {
    let left = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    for (; left > 0x7fn; left >>= 7n) this.#byte(Number(left & 0x7fn) | 0x80);
    this.#byte(Number(left));
  }

  float(value: number): void {
    this.#reserve(4);
    this.#length = this.#bytes.writeFloatLE(value, this.#length);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  bytes(value: Buffer): void {
    this.long(value.length);
    this.#reserve(value.length);
    value.copy(this.#bytes, this.#length);
    this.#length += value.length;
  }

  string(value: string): void {
    const length = Buffer.byteLength(value);
    this.long(length);
    this.#reserve(length);
    this.#bytes.write(value, this.#length, 'utf8');
    this.#length += length;
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
