/**
 * A place in the bytes of records (https://kafka.apache.org/documentation/#record). Nothing is checked here: a number read
 * beyond the end is zero, a slice beyond the end is shorter. Numbers are exact up to 2^53, which no offset and no time of
 * this world reaches.
 */
export class RecordCursor {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  /** A signed number in zigzag, seven bits a byte, lowest first. */
  varint(): number {
    const { bytes } = this;
    let byte = bytes[this.at++] ?? 0;
    // Most numbers of a record take one byte or two.
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 0x7f;
    for (let factor = 0x80; byte & 0x80; factor *= 0x80) {
      byte = bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * factor;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Bytes behind their length; null where that is negative. */
  slice(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const start = this.at;
    this.at += length;
    return this.bytes.subarray(start, this.at);
  }

  /** Moves behind bytes as `slice` reads them. @returns their length, negative for null */
  skip(): number {
    const length = this.varint();
    if (length > 0) this.at += length;
    return length;
  }

  /** A header's name. */
  text(): string {
    const length = this.varint();
    const start = this.at;
    this.at += Math.max(0, length);
    return this.bytes.toString('utf8', start, this.at);
  }
}

/** Bytes that the number takes as a varint. */
export function varintSize(value: number): number {
  let rest = zigzag(value);
  let size = 1;
  for (; rest >= 0x80; size++) rest = Math.floor(rest / 0x80);
  return size;
}

/** In plain numbers: exact up to 2 ** 52. */
export const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);
