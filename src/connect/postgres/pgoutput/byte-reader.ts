import { textOrBytes } from '../server/text.ts';

/** From 1970-01-01 to 2000-01-01, PostgreSQL's epoch. */
const EPOCH_MICROS = 946_684_800_000_000n;

/** Reads the fields of a message, one after the other. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#at++);
  }

  letter(): string {
    return String.fromCharCode(this.#bytes.readUInt8(this.#at++));
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  uint32(): number {
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }

  int64(): bigint {
    this.#at += 8;
    return this.#bytes.readBigInt64BE(this.#at - 8);
  }

  /** Reads a PostgreSQL timestamp, as microseconds since 1970. */
  micros(): bigint {
    return this.int64() + EPOCH_MICROS;
  }

  /** Reads text that ends with a zero byte. */
  text(): string {
    const start = this.#at;
    const end = this.#bytes.indexOf(0, start);
    this.#at = end + 1;
    return this.#bytes.toString('utf8', start, end);
  }

  /** Reads text that comes after its length. Bytes that are not UTF-8 are returned as they are. */
  sizedText(): string | Buffer {
    const length = this.int32();
    this.#at += length;
    return textOrBytes(this.#bytes.subarray(this.#at - length, this.#at));
  }

  sizedBytes(): Buffer {
    const length = this.int32();
    this.#at += length;
    return Buffer.from(this.#bytes.subarray(this.#at - length, this.#at));
  }
}
