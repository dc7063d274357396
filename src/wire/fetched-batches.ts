import { loadCodec } from './compression/codecs.ts';
import { Compression } from './compression/compression.ts';
import { markerOf } from './control-batch.ts';
import { compressionOf, hasValidCrc, isControl, isLogAppendTime, isTransactional, type RecordBatch, splitBatches } from './record-batch.ts';
import { RecordCursor } from './record-cursor.ts';
import type { OpenBatch } from './record-reader.ts';
import { MAX_BATCH_BYTES, openRecords } from './records.ts';
import { UnreadableBatch } from './unreadable.ts';

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface FetchedBatches {
  /** Those that a reader of committed records sees, in order. */
  readonly visible: readonly OpenBatch[];
  /** Behind the last batch that came, hidden ones and what compaction removed included; undefined when none came whole. */
  readonly nextOffset: number | undefined;
}

/** How much compressed batches may take once they are decompressed. */
export interface ExpansionLimits {
  /** One batch. */
  readonly maxBatchBytes: number;
  /** Bytes left for an answer's batches together; counted down here. The batch that goes beyond them is the last one that is read. */
  leftBytes: number;
}

/** An answer is at most 10 MB; a tenfold expansion fits. */
const ANSWER_BYTES = 128 * 1024 * 1024;

export function expansionLimits(maxBatchBytes: number = MAX_BATCH_BYTES): ExpansionLimits {
  return { maxBatchBytes, leftBytes: ANSWER_BYTES };
}

/** Loads the codecs that `readFetched` needs for these bytes. */
export async function loadCodecsOf(bytes: Buffer): Promise<void> {
  try {
    for (const batch of splitBatches(bytes)) await loadCodec(compressionOf(batch));
  } catch (error) {
    // `readFetched` finds it again, and says where.
    if (!(error instanceof UnreadableBatch)) throw error;
  }
}

/** Where a partition was read from, and where its log ends: what a damaged header says is believed only in between. */
export interface FetchedRange {
  readonly position: number;
  readonly end: number;
}

/**
 * The record batches that a fetch brought of one partition. The checksum of each is checked and the lengths of its
 * records, so that they can be taken later without a check. A batch that cannot be read is among them, as one unreadable
 * record. Batches beyond the limits are left for the next fetch.
 *
 * @param aborted transactions that were aborted, in the order in which the broker lists them
 * @param range asked for only when a batch cannot be read
 */
export function readFetched(
  bytes: Buffer,
  aborted: readonly AbortedTransaction[],
  range: () => FetchedRange = () => ({ position: 0, end: Number.MAX_SAFE_INTEGER }),
  limits = expansionLimits(),
): FetchedBatches {
  const visible: OpenBatch[] = [];
  const filter = new AbortedBatches(aborted);
  let nextOffset: number | undefined;
  for (const found of wholeBatches(bytes)) {
    if (limits.leftBytes <= 0) break;
    const read = found instanceof UnreadableBatch ? found : readOne(found, filter, limits);
    if (read instanceof UnreadableBatch) {
      const { position, end } = range();
      const from = Math.max(position, nextOffset ?? 0);
      nextOffset = offsetBehind(found, from, end);
      visible.push(standIn(read, found, from, nextOffset));
      continue;
    }
    if (!(found instanceof UnreadableBatch)) nextOffset = found.baseOffset + found.lastOffsetDelta + 1;
    if (read !== undefined) visible.push(read);
  }
  return { visible, nextOffset };
}

/** The batches; behind one whose length makes no sense nothing can be found, so that one is the last. */
function* wholeBatches(bytes: Buffer): Generator<RecordBatch | UnreadableBatch> {
  try {
    yield* splitBatches(bytes);
  } catch (error) {
    if (!(error instanceof UnreadableBatch)) throw error;
    yield error;
  }
}

/** Returns undefined for a batch that the reader does not see. */
function readOne(batch: RecordBatch, filter: AbortedBatches, limits: ExpansionLimits): OpenBatch | UnreadableBatch | undefined {
  try {
    if (!hasValidCrc(batch)) throw new UnreadableBatch(batch.baseOffset, 'the checksum does not fit its bytes');
    return filter.hides(batch) || batch.recordCount <= 0 ? undefined : open(batch, limits);
  } catch (error) {
    if (error instanceof UnreadableBatch) return error;
    throw error;
  }
}

function open(batch: RecordBatch, limits: ExpansionLimits): OpenBatch {
  const { recordCount: count, baseOffset: firstOffset, baseTimestamp: firstTimestamp } = batch;
  const body = openRecords(batch, limits.maxBatchBytes);
  if (compressionOf(batch) !== Compression.NONE) limits.leftBytes -= body.length;
  checkLengths(body, batch);
  const appendedAt = isLogAppendTime(batch) ? batch.maxTimestamp : undefined;
  return { body, count, firstOffset, firstTimestamp, appendedAt, unreadable: undefined };
}

/** Where reading goes on behind a batch that cannot be read: behind its last offset where that is plausible, else one offset further. */
function offsetBehind(batch: RecordBatch | UnreadableBatch, from: number, end: number): number {
  if (batch instanceof UnreadableBatch) return from + 1;
  const next = batch.baseOffset + batch.lastOffsetDelta + 1;
  return next > from && next <= end ? next : from + 1;
}

function standIn(error: UnreadableBatch, found: RecordBatch | UnreadableBatch, from: number, nextOffset: number): OpenBatch {
  const body = found instanceof UnreadableBatch ? Buffer.alloc(0) : found.bytes;
  const unreadable = { error, records: nextOffset - from };
  return { body, count: 1, firstOffset: from, firstTimestamp: 0, appendedAt: undefined, unreadable };
}

/** A batch that does not hold what its header says is found here, before any of its records is used. */
function checkLengths(body: Buffer, { recordCount, baseOffset }: RecordBatch): void {
  const cursor = new RecordCursor(body);
  for (let i = 0; i < recordCount; i++) {
    const length = cursor.varint();
    cursor.at += length;
    if (!(length >= 0 && cursor.at <= body.length))
      throw new UnreadableBatch(baseOffset, `record ${i} of the ${recordCount} that it counts is cut off`);
  }
}

/**
 * Which batches are not for the reader: control batches, and those of transactions that were aborted. The broker lists the
 * latter in the order of their ends; one begins at its first offset and ends at its producer's abort marker.
 */
class AbortedBatches {
  readonly #starts: AbortedTransaction[];
  readonly #aborting = new Set<number>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#starts = [...aborted].sort((a, b) => b.firstOffset - a.firstOffset);
  }

  hides(batch: RecordBatch): boolean {
    for (let start = this.#starts.at(-1); start !== undefined && start.firstOffset <= batch.baseOffset; start = this.#starts.at(-1)) {
      this.#aborting.add(start.producerId);
      this.#starts.pop();
    }
    if (!isControl(batch)) return isTransactional(batch) && this.#aborting.has(batch.producerId);
    if (markerOf(batch)?.isCommit === false) this.#aborting.delete(batch.producerId);
    return true;
  }
}
