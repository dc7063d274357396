import { MalformedMessage } from './error-code.ts';

/** How much the decoder builds for one message. */
export interface ReadLimits {
  /** Bytes of one string. */
  readonly stringBytes: number;
  /** Items of all arrays of one message together. */
  readonly items: number;
}

const UNLIMITED: ReadLimits = { stringBytes: Number.MAX_SAFE_INTEGER, items: Number.MAX_SAFE_INTEGER };
const TWO_32 = 4294967296;

/**
 * Reads the primitive types of Kafka's protocol from one frame (https://kafka.apache.org/protocol.html#protocol_types).
 * Every read is checked against the end of the frame and the limits; one that does not fit throws {@link MalformedMessage}.
 * A 64-bit integer is read as a number: exact within 2^53, nearest beyond.
 */
export class Reader {
  readonly #buffer: Buffer;
  readonly #limits: ReadLimits;
  #position = 0;
  #itemsLeft: number;

  constructor(buffer: Buffer, limits: ReadLimits = UNLIMITED) {
    this.#buffer = buffer;
    this.#limits = limits;
    this.#itemsLeft = limits.items;
  }

  get remaining(): number {
    return this.#buffer.length - this.#position;
  }

  int8(): number {
    return this.#buffer.readInt8(this.#advance(1));
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#advance(4));
  }

  int64(): number {
    const at = this.#advance(8);
    return this.#buffer.readInt32BE(at) * TWO_32 + this.#buffer.readUInt32BE(at + 4);
  }

  bool(): boolean {
    return this.int8() !== 0;
  }

  /** 16 bytes, as base64url. */
  uuid(): string {
    const at = this.#advance(16);
    return this.#buffer.toString('base64url', at, at + 16);
  }

  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#buffer.readUInt8(this.#advance(1));
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new MalformedMessage('a variable-length integer is longer than five bytes');
  }

  string(compact: boolean): string | null {
    const length = compact ? this.uvarint() - 1 : this.int16();
    if (length === -1) return null;
    if (length > this.#limits.stringBytes)
      throw new MalformedMessage(`a string of ${length} bytes is over the limit of ${this.#limits.stringBytes}`);
    const at = this.#advance(length);
    return this.#buffer.toString('utf8', at, at + length);
  }

  /** A view into the frame, not a copy. */
  bytes(compact: boolean): Buffer | null {
    const length = compact ? this.uvarint() - 1 : this.int32();
    if (length === -1) return null;
    const at = this.#advance(length);
    return this.#buffer.subarray(at, at + length);
  }

  /** Number of items of the array that follows, or -1 for a null array. */
  arrayLength(compact: boolean): number {
    const length = compact ? this.uvarint() - 1 : this.int32();
    if (length < -1 || length > this.remaining)
      throw new MalformedMessage(`an array of ${length} items does not fit in ${this.remaining} bytes`);
    this.#itemsLeft -= Math.max(length, 0);
    if (this.#itemsLeft < 0) throw new MalformedMessage(`the message holds more than ${this.#limits.items} array items`);
    return length;
  }

  /** Calls back for each tagged field, with a reader that sees that field alone. */
  taggedFields(visit: (tag: number, field: Reader) => void): void {
    const count = this.uvarint();
    if (count > this.remaining) throw new MalformedMessage(`${count} tagged fields do not fit in ${this.remaining} bytes`);
    for (let i = 0; i < count; i++) {
      const tag = this.uvarint();
      const at = this.#advance(this.uvarint());
      visit(tag, new Reader(this.#buffer.subarray(at, this.#position), { ...this.#limits, items: this.#itemsLeft }));
    }
  }

  #advance(bytes: number): number {
    const at = this.#position;
    if (bytes < 0 || bytes > this.#buffer.length - at)
      throw new MalformedMessage(`a field of ${bytes} bytes does not fit in the ${this.remaining} left`);
    this.#position = at + bytes;
    return at;
  }
}
