import type { BatchHeader, RecordBatch } from '../../wire/record-batch.ts';
import { AppendFile } from '../storage/append-file.ts';
import type { HandlePool } from '../storage/handle-pool.ts';
import { BatchCursor, type FoundBatch } from './batch-cursor.ts';
import { wholeBatches } from './batch-run.ts';
import type { TimedOffset } from './partition-log.ts';
import { type Interval, SegmentIndex } from './segment-index.ts';
import { firstInBatch } from './time-lookup.ts';

const SUFFIX = '.log';
/** Enough for the headers between two entries of the index. */
const SEEK_BYTES = 4096;

/** What is known of a segment's file when it is opened. */
export interface SegmentContent {
  readonly size: number;
  /** Offset after its last record. */
  readonly nextOffset: number;
  /** Absent when the file was not gone through; that is done when the index is first asked for. */
  readonly index?: SegmentIndex;
}

export interface Bounds {
  /** No batch from here on is given. */
  readonly endOffset: number;
  readonly maxBytes: number;
  readonly atLeastOne: boolean;
}

/** A run of batches in one file, named after its first offset: bare record batches, as Kafka lays its segments out. */
export class Segment {
  readonly baseOffset: number;
  nextOffset: number;
  readonly #file: AppendFile;
  #index: SegmentIndex | undefined;

  constructor(pool: HandlePool, folder: string, baseOffset: number, content: SegmentContent) {
    this.baseOffset = baseOffset;
    this.nextOffset = content.nextOffset;
    this.#index = content.index;
    this.#file = new AppendFile(pool, `${folder}/${segmentName(baseOffset)}`, content.size);
  }

  static empty(pool: HandlePool, folder: string, baseOffset: number): Segment {
    return new Segment(pool, folder, baseOffset, { size: 0, nextOffset: baseOffset, index: new SegmentIndex() });
  }

  get path(): string {
    return this.#file.path;
  }

  get size(): number {
    return this.#file.size;
  }

  /** Milliseconds since 1970; -1 when empty. */
  get firstTimestamp(): number {
    return this.#ownIndex().firstTimestamp;
  }

  get maxTimestamp(): number {
    return this.#ownIndex().maxTimestamp;
  }

  create(): void {
    this.#file.create();
  }

  append(header: BatchHeader, bytes: Buffer): void {
    const index = this.#ownIndex();
    const position = this.#file.size;
    this.#file.append(bytes);
    index.add(header, position, bytes.length);
    this.nextOffset = header.baseOffset + header.lastOffsetDelta + 1;
  }

  /** Every batch with its bytes, which are valid until the next is asked for. */
  *batches(): Generator<RecordBatch> {
    const cursor = this.#cursor(0, this.size, 1024 * 1024);
    for (let found = cursor.next(); found !== undefined; found = cursor.next()) {
      const bytes = cursor.bytes(found);
      if (bytes !== undefined) yield { ...found.header, bytes };
    }
  }

  /** Base offset of the first batch that ends after `offset`; undefined without one: compaction may have taken the last ones. */
  firstOffsetFrom(offset: number): number | undefined {
    return this.size === 0 ? undefined : this.#seek(offset)?.header.baseOffset;
  }

  /** Whole batches from the one that holds `offset` on; undefined when not even one may be given. */
  read(offset: number, { endOffset, maxBytes, atLeastOne }: Bounds): Buffer | undefined {
    const first = this.#seek(offset);
    if (first === undefined || first.header.baseOffset >= endOffset) return undefined;
    if (first.length > maxBytes && !atLeastOne) return undefined;
    const into = Buffer.allocUnsafeSlow(Math.max(first.length, Math.min(maxBytes, this.size - first.position)));
    const bytes = into.subarray(0, this.#file.read(into, first.position));
    const length = wholeBatches(bytes, endOffset);
    return length === 0 ? undefined : bytes.subarray(0, length);
  }

  /** The first record of the segment at or after both. */
  firstReaching(timestamp: number, startOffset: number, endOffset: number): TimedOffset | undefined {
    if (this.maxTimestamp < timestamp) return undefined;
    for (const interval of this.#ownIndex().reaching(timestamp)) {
      const found = this.#firstWithin(interval, timestamp, startOffset, endOffset);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The greatest timestamp of a batch that ends after `startOffset` and begins before `endOffset`; -1 without one. */
  latestTimestamp(startOffset: number, endOffset: number): number {
    if (startOffset <= this.baseOffset && endOffset >= this.nextOffset) return this.maxTimestamp;
    let latest = -1;
    const cursor = this.#cursor(0, this.size);
    for (let found = cursor.next(); found !== undefined; found = cursor.next()) {
      if (isWithin(found.header, startOffset, endOffset)) latest = Math.max(latest, found.header.maxTimestamp);
    }
    return latest;
  }

  /** Keeps the first `size` bytes, which end before `nextOffset`. */
  cutTo(size: number, nextOffset: number): void {
    if (size !== this.size) this.#index = undefined;
    this.nextOffset = nextOffset;
    this.#file.cutTo(size);
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  /** Closes the file, which may be renamed or removed then. */
  close(): void {
    this.#file.close();
  }

  #seek(offset: number): FoundBatch | undefined {
    const cursor = this.#cursor(this.#ownIndex().positionBefore(offset), this.size, SEEK_BYTES);
    for (let found = cursor.next(); found !== undefined; found = cursor.next()) {
      if (endOf(found.header) > offset) return found;
    }
    return undefined;
  }

  #firstWithin({ from, to }: Interval, timestamp: number, startOffset: number, endOffset: number): TimedOffset | undefined {
    const cursor = this.#cursor(from, to);
    for (let found = cursor.next(); found !== undefined; found = cursor.next()) {
      if (found.header.maxTimestamp < timestamp || !isWithin(found.header, startOffset, endOffset)) continue;
      const bytes = cursor.bytes(found);
      const record = bytes && firstInBatch({ ...found.header, bytes } satisfies RecordBatch, timestamp, startOffset);
      if (record !== undefined) return record;
    }
    return undefined;
  }

  #ownIndex(): SegmentIndex {
    this.#index ??= this.#makeIndex();
    return this.#index;
  }

  #makeIndex(): SegmentIndex {
    const index = new SegmentIndex();
    const cursor = this.#cursor(0, this.size);
    for (let found = cursor.next(); found !== undefined; found = cursor.next()) index.add(found.header, found.position, found.length);
    if (cursor.position !== this.size) throw new Error(`${this.path} holds no record batch at byte ${cursor.position}`);
    return index;
  }

  #cursor(from: number, to: number, chunkBytes?: number): BatchCursor {
    return new BatchCursor((into, position) => this.#file.read(into, position), from, to, chunkBytes);
  }
}

export function segmentName(baseOffset: number): string {
  return `${String(baseOffset).padStart(20, '0')}${SUFFIX}`;
}

/** First offset of the segment with this file name; undefined for any other file. */
export function segmentBase(name: string): number | undefined {
  return /^\d{20}\.log$/.test(name) ? Number(name.slice(0, 20)) : undefined;
}

function endOf(header: BatchHeader): number {
  return header.baseOffset + header.lastOffsetDelta + 1;
}

function isWithin(header: BatchHeader, startOffset: number, endOffset: number): boolean {
  return endOf(header) > startOffset && header.baseOffset < endOffset;
}
