import { type BatchHeader, batchLength, HEADER_BYTES, readHeader } from '../../wire/record-batch.ts';

/** Fills `into` from `position` of a segment on. @returns bytes read */
export type ReadAt = (into: Buffer, position: number) => number;

export interface FoundBatch {
  readonly header: BatchHeader;
  /** Where it begins in the segment. */
  readonly position: number;
  /** Bytes of all of it. */
  readonly length: number;
}

const MAGIC_AT = 16;

/**
 * Goes through the batches of a segment by their headers. The file is read in chunks; the records of a batch that is
 * larger than a chunk are not read at all, unless `bytes` asks for them.
 */
export class BatchCursor {
  readonly #readAt: ReadAt;
  readonly #end: number;
  readonly #chunkBytes: number;
  #at: number;
  #chunk = Buffer.alloc(0);
  #chunkAt = 0;

  /** @param end position after the last batch. @param chunkBytes as much is read at once */
  constructor(readAt: ReadAt, position: number, end: number, chunkBytes = 131_072) {
    this.#readAt = readAt;
    this.#at = position;
    this.#end = end;
    this.#chunkBytes = chunkBytes;
  }

  /** After the last batch that was found whole. */
  get position(): number {
    return this.#at;
  }

  /** Undefined at the end, and before bytes that are not a whole batch. */
  next(): FoundBatch | undefined {
    const position = this.#at;
    const head = this.#view(position, HEADER_BYTES);
    if (head === undefined || head[MAGIC_AT] !== 2) return undefined;
    const length = batchLength(head);
    if (length < HEADER_BYTES || position + length > this.#end) return undefined;
    this.#at = position + length;
    return { header: readHeader(head), position, length };
  }

  /** The bytes of a batch that was found; valid until the next call. */
  bytes({ position, length }: FoundBatch): Buffer | undefined {
    return this.#view(position, length);
  }

  #view(position: number, length: number): Buffer | undefined {
    if (position + length > this.#end) return undefined;
    const isHere = position >= this.#chunkAt && position + length <= this.#chunkAt + this.#chunk.length;
    if (!isHere) this.#load(position, length);
    const from = position - this.#chunkAt;
    return from + length <= this.#chunk.length ? this.#chunk.subarray(from, from + length) : undefined;
  }

  #load(position: number, length: number): void {
    const wanted = Math.min(Math.max(length, this.#chunkBytes), this.#end - position);
    const into = Buffer.allocUnsafeSlow(wanted);
    this.#chunk = into.subarray(0, this.#readAt(into, position));
    this.#chunkAt = position;
  }
}
