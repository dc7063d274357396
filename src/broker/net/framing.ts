import { MalformedMessage } from '../../wire/error-code.ts';

const SIZE_BYTES = 4;
/** Of a buffer, however small its content. */
const CHUNK_COST_BYTES = 200;

/**
 * Cuts a stream of bytes into frames: four bytes of length, then as many bytes. A frame within one chunk is a view of
 * it; one that spans several is joined once, when it is whole, so memory grows with what came and not with what was
 * announced.
 */
export class Framing {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** Bytes of the frame under way, or -1 while its length is not known. */
  #expected = -1;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes of the frame that is not whole yet, with what keeping its chunks costs. */
  get heldBytes(): number {
    return this.#buffered + this.#chunks.length * CHUNK_COST_BYTES;
  }

  /** @returns the frames that this chunk completes. @throws MalformedMessage when a length is out of bounds */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    const frames: Buffer[] = [];
    while (this.#isReady()) {
      if (this.#expected === -1) this.#expected = this.#checkLength(this.#take(SIZE_BYTES).readInt32BE(0));
      else {
        frames.push(this.#take(this.#expected));
        this.#expected = -1;
      }
    }
    return frames;
  }

  #isReady(): boolean {
    return this.#buffered >= (this.#expected === -1 ? SIZE_BYTES : this.#expected);
  }

  #take(length: number): Buffer {
    const joined = this.#joinFirst(length);
    const taken = joined.subarray(0, length);
    if (joined.length === length) this.#chunks.shift();
    else this.#chunks[0] = joined.subarray(length);
    this.#buffered -= length;
    return taken;
  }

  /** Makes the first chunk hold at least `length` bytes. */
  #joinFirst(length: number): Buffer {
    let first = this.#chunks[0] as Buffer;
    if (first.length >= length) return first;
    first = Buffer.concat(this.#chunks, this.#buffered);
    this.#chunks = [first];
    return first;
  }

  #checkLength(length: number): number {
    if (length > 0 && length <= this.#limit) return length;
    throw new MalformedMessage(`a frame of ${length} bytes is not within 1 to ${this.#limit}; is this a Kafka client without TLS?`);
  }
}
