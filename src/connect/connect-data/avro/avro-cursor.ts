import { StreamerError } from '../../../errors.ts';

const TOO_SHORT = 'the bytes end within a value';

/** Reads bytes in Avro's binary encoding. @throws StreamerError `DECODE` when they end too early */
export class AvroCursor {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  boolean(): boolean {
    return this.#take(1)[0] === 1;
  }

  /** An int or a long, as a bigint beyond 2^53. */
  long(): number | bigint {
    let [value, shift] = [0n, 0n];
    for (;;) {
      const byte = this.#take(1)[0] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
      shift += 7n;
      if (shift > 63n) throw new StreamerError('DECODE', 'a whole number has more than 64 bits');
    }
    const signed = BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    const narrow = Number(signed);
    return Number.isSafeInteger(narrow) ? narrow : signed;
  }

  /** A length, a count or a branch. */
  count(): number {
    return Number(this.long());
  }

  float(): number {
    return this.#take(4).readFloatLE();
  }

  double(): number {
    return this.#take(8).readDoubleLE();
  }

  bytes(): Buffer {
    return Buffer.from(this.#take(this.count()));
  }

  fixed(size: number): Buffer {
    return Buffer.from(this.#take(size));
  }

  string(): string {
    return this.#take(this.count()).toString('utf8');
  }

  #take(count: number): Buffer {
    const end = this.#at + count;
    if (!(count >= 0) || end > this.#bytes.length) throw new StreamerError('DECODE', TOO_SHORT);
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
