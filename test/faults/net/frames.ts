/** Cuts a byte stream into Kafka's frames: a length of 4 bytes, big-endian, and as many bytes. */
export class Frames {
  #rest: Buffer = Buffer.alloc(0);

  /** Whole frames, length included. */
  *add(chunk: Buffer): Generator<Buffer> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 4) {
      const size = 4 + this.#rest.readInt32BE(0);
      if (this.#rest.length < size) return;
      const frame = this.#rest.subarray(0, size);
      this.#rest = this.#rest.subarray(size);
      yield frame;
    }
  }
}
