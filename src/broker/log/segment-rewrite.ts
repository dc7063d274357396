import { hasValidCrc, isControl, type RecordBatch } from '../../wire/record-batch.ts';
import { withRecords } from '../../wire/records.ts';
import { type Files, type OpenFile, writeAll } from '../storage/files.ts';
import type { Compaction } from './compaction.ts';
import type { Segment } from './segment.ts';
import { SegmentIndex } from './segment-index.ts';

const CHUNK_BYTES = 1024 * 1024;

/** A file that may take a segment's place. */
export interface Rewritten {
  readonly size: number;
  readonly index: SegmentIndex;
}

export function rewrittenPath(segment: Segment): string {
  return `${segment.path}.tmp`;
}

/**
 * Writes what stays of a segment beside it, and syncs that. Of a segment of which nothing stays, its last batch does,
 * without records: it marks where the segment's offsets end.
 *
 * @returns undefined when all of it stays
 * @throws what the file system throws; Error when a checksum does not match: then nothing is interpreted
 */
export async function rewriteSegment(segment: Segment, compaction: Compaction, files: Files): Promise<Rewritten | undefined> {
  const writer = new RewriteWriter(files.open(rewrittenPath(segment)));
  try {
    let isChanged = false;
    let count = 0;
    let last: RecordBatch | undefined;
    for (const batch of segment.batches()) {
      if (!hasValidCrc(batch))
        throw new Error(`${segment.path}: the checksum of the batch at offset ${batch.baseOffset} does not match its bytes`);
      const kept = compaction.clean(batch);
      isChanged ||= kept !== batch;
      if (kept !== undefined) writer.add(kept);
      count += 1;
      last = { ...batch, bytes: Buffer.from(batch.bytes) };
    }
    if (writer.isEmpty && last !== undefined) {
      isChanged = count > 1 || (last.recordCount > 0 && !isControl(last));
      writer.add(isControl(last) ? last : withRecords(last, []));
    }
    return isChanged ? await writer.finish() : undefined;
  } finally {
    writer.close();
  }
}

class RewriteWriter {
  readonly #file: OpenFile;
  readonly #index = new SegmentIndex();
  #size = 0;
  #chunk: Buffer[] = [];
  #chunkBytes = 0;

  constructor(file: OpenFile) {
    this.#file = file;
    file.truncate(0);
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** The bytes are copied: a cursor's are good for one turn only. */
  add(batch: RecordBatch): void {
    const { length } = batch.bytes;
    this.#index.add(batch, this.#size, length);
    this.#chunk.push(Buffer.from(batch.bytes));
    this.#size += length;
    this.#chunkBytes += length;
    if (this.#chunkBytes >= CHUNK_BYTES) this.#flush();
  }

  async finish(): Promise<Rewritten> {
    this.#flush();
    await this.#file.sync();
    return { size: this.#size, index: this.#index };
  }

  close(): void {
    this.#file.close();
  }

  #flush(): void {
    writeAll(this.#file, Buffer.concat(this.#chunk), this.#size - this.#chunkBytes);
    this.#chunk = [];
    this.#chunkBytes = 0;
  }
}
