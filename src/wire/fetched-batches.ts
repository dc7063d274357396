import { loadCodec } from './compression/codecs.ts';
import { Compression } from './compression/compression.ts';
import { markerOf } from './control-batch.ts';
import { type ExpansionLimits, expansionLimits } from './expansion.ts';
import { compressionOfEntry, entriesOf, isOldMessage, type LogEntry, offsetBehindEntry } from './log-entries.ts';
import { openOld } from './message-set.ts';
import { bodyOf, compressionOf, hasValidCrc, isControl, isLogAppendTime, isTransactional, type RecordBatch } from './record-batch.ts';
import { RecordCursor } from './record-cursor.ts';
import type { OpenBatch } from './record-reader.ts';
import { unpacked } from './records.ts';
import { UnreadableBatch } from './unreadable.ts';

// The checksum of a record of 120 bytes costs 0.07 us (1.7 GB/s). node:zlib has the other CRC-32 only.

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

/** Loads the codecs that `readFetched` needs for these bytes. */
export async function loadCodecsOf(bytes: Buffer): Promise<void> {
  for (const entry of entriesOf(bytes)) if (!(entry instanceof UnreadableBatch)) await loadCodec(compressionOfEntry(entry));
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
  for (const found of entriesOf(bytes)) {
    if (limits.leftBytes <= 0) break;
    const read = found instanceof UnreadableBatch ? found : readOne(found, filter, limits);
    if (read instanceof UnreadableBatch) {
      const { position, end } = range();
      const from = Math.max(position, nextOffset ?? 0);
      nextOffset = offsetBehind(found, from, end);
      visible.push(standIn(read, found, from, nextOffset));
      continue;
    }
    if (!(found instanceof UnreadableBatch)) nextOffset = offsetBehindEntry(found);
    visible.push(...read);
  }
  return { visible, nextOffset };
}

/** Returns nothing for a batch that the reader does not see. */
function readOne(entry: LogEntry, filter: AbortedBatches, limits: ExpansionLimits): readonly OpenBatch[] | UnreadableBatch {
  try {
    if (isOldMessage(entry)) return openOld(entry, limits);
    if (!hasValidCrc(entry)) throw new UnreadableBatch(entry.baseOffset, 'the checksum does not fit its bytes');
    return filter.hides(entry) || isEmpty(entry) ? [] : [open(entry, limits)];
  } catch (error) {
    if (error instanceof UnreadableBatch) return error;
    throw error;
  }
}

/** Compaction leaves a batch without records for the last one of a producer. */
function isEmpty(batch: RecordBatch): boolean {
  return batch.recordCount === 0 && bodyOf(batch).length === 0;
}

function open(batch: RecordBatch, limits: ExpansionLimits): OpenBatch {
  const { recordCount: count, baseOffset: firstOffset, baseTimestamp: firstTimestamp } = batch;
  const body = unpacked(batch, limits.maxBatchBytes);
  if (compressionOf(batch) !== Compression.NONE) limits.leftBytes -= body.length;
  checkRecords(body, batch);
  const appendedAt = isLogAppendTime(batch) ? batch.maxTimestamp : undefined;
  return { body, count, firstOffset, firstTimestamp, appendedAt, unreadable: undefined, explain: undefined };
}

/** Where reading goes on behind a batch that cannot be read: behind its last offset where that is plausible, else one offset further. */
function offsetBehind(found: LogEntry | UnreadableBatch, from: number, end: number): number {
  if (found instanceof UnreadableBatch) return from + 1;
  const next = offsetBehindEntry(found);
  return next > from && next <= end ? next : from + 1;
}

function standIn(error: UnreadableBatch, found: LogEntry | UnreadableBatch, from: number, nextOffset: number): OpenBatch {
  const body = found instanceof UnreadableBatch ? Buffer.alloc(0) : found.bytes;
  const unreadable = { error, records: nextOffset - from };
  return { body, count: 1, firstOffset: from, firstTimestamp: 0, appendedAt: undefined, unreadable, explain: undefined };
}

/**
 * A batch that does not hold the records that its header says, no more and no less, in the order of their offsets, is found here, before
 * any of them is used. What is within a record is checked when it is read.
 */
function checkRecords(body: Buffer, { recordCount, baseOffset, lastOffsetDelta }: RecordBatch): void {
  const refuse = (problem: string) => new UnreadableBatch(baseOffset, problem);
  if (recordCount < 0) throw refuse(`it counts ${recordCount} records`);
  const cursor = new RecordCursor(body);
  let previous = -1;
  for (let i = 0; i < recordCount; i++) {
    const length = cursor.varint();
    const end = cursor.at + length;
    if (!(length >= 0 && end <= body.length)) throw refuse(`record ${i} of the ${recordCount} that it counts is cut off`);
    cursor.at++;
    cursor.varint();
    const delta = cursor.varint();
    if (!(delta > previous && delta <= lastOffsetDelta)) throw refuse(`record ${i} has offset ${baseOffset + delta}, out of order`);
    previous = delta;
    cursor.at = end;
  }
  if (cursor.at !== body.length) throw refuse(`it counts ${recordCount} records and holds more`);
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
