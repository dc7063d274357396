const TWO_32 = 4294967296;

/**
 * Writes the primitive types of Kafka's protocol. Large byte fields are kept by reference: `finish` gives a list of
 * buffers for one gathered write, so that fetched batches are never copied.
 */
export class Writer {
  readonly #parts: Buffer[] = [];
  #partsLength = 0;
  #buffer: Buffer;
  #start = 0;
  #position = 0;

  constructor(sizeHint = 256) {
    this.#buffer = Buffer.allocUnsafe(sizeHint);
  }

  get length(): number {
    return this.#partsLength + this.#position - this.#start;
  }

  int8(value: number): void {
    const at = this.#advance(1);
    this.#buffer.writeInt8(value, at);
  }

  int16(value: number): void {
    const at = this.#advance(2);
    this.#buffer.writeInt16BE(value, at);
  }

  int32(value: number): void {
    const at = this.#advance(4);
    this.#buffer.writeInt32BE(value, at);
  }

  int64(value: number): void {
    const at = this.#advance(8);
    const high = Math.floor(value / TWO_32);
    this.#buffer.writeInt32BE(high, at);
    this.#buffer.writeUInt32BE(value - high * TWO_32, at + 4);
  }

  bool(value: boolean): void {
    this.int8(value ? 1 : 0);
  }

  /** @param value 22 characters of base64url */
  uuid(value: string): void {
    const at = this.#advance(16);
    this.#buffer.fill(0, at, at + 16);
    this.#buffer.write(value, at, 16, 'base64url');
  }

  uvarint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      const at = this.#advance(1);
      this.#buffer[at] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 128);
    }
    const at = this.#advance(1);
    this.#buffer[at] = rest;
  }

  string(value: string | null, compact: boolean): void {
    const length = value === null ? -1 : Buffer.byteLength(value);
    if (compact) this.uvarint(length + 1);
    else this.int16(length);
    if (value === null || length === 0) return;
    const at = this.#advance(length);
    this.#buffer.write(value, at, length, 'utf8');
  }

  bytes(value: Buffer | null, compact: boolean): void {
    this.#byteLength(value === null ? -1 : value.length, compact);
    if (value !== null) this.#copy(value);
  }

  /** Length and then the buffers themselves, by reference: they must not change until the answer is written. */
  records(value: readonly Buffer[] | null, compact: boolean): void {
    if (value === null) return this.#byteLength(-1, compact);
    let length = 0;
    for (const buffer of value) length += buffer.length;
    this.#byteLength(length, compact);
    if (length > 0) this.#reference(value, length);
  }

  arrayLength(length: number, compact: boolean): void {
    this.#byteLength(length, compact);
  }

  /** Writes a tagged field's number, size and bytes; `write` fills the bytes. */
  taggedField(tag: number, write: (field: Writer) => void): void {
    const field = new Writer();
    write(field);
    this.uvarint(tag);
    this.uvarint(field.length);
    for (const part of field.finish()) this.#copy(part);
  }

  finish(): Buffer[] {
    this.#seal();
    return this.#parts;
  }

  #byteLength(length: number, compact: boolean): void {
    if (compact) this.uvarint(length + 1);
    else this.int32(length);
  }

  #copy(value: Buffer): void {
    const at = this.#advance(value.length);
    value.copy(this.#buffer, at);
  }

  #reference(buffers: readonly Buffer[], length: number): void {
    this.#seal();
    for (const buffer of buffers) this.#parts.push(buffer);
    this.#partsLength += length;
  }

  #seal(): void {
    if (this.#position === this.#start) return;
    this.#parts.push(this.#buffer.subarray(this.#start, this.#position));
    this.#partsLength += this.#position - this.#start;
    this.#start = this.#position;
  }

  #advance(bytes: number): number {
    const at = this.#position;
    if (at + bytes > this.#buffer.length) return this.#grow(bytes);
    this.#position = at + bytes;
    return at;
  }

  #grow(bytes: number): number {
    const used = this.#position - this.#start;
    const next = Buffer.allocUnsafe(Math.max(256, (used + bytes) * 2));
    this.#buffer.copy(next, 0, this.#start, this.#position);
    this.#buffer = next;
    this.#start = 0;
    this.#position = used + bytes;
    return used;
  }
}
