import { markerOf } from './control-batch.ts';
import { hasValidCrc, isControl, isLogAppendTime, isTransactional, type RecordBatch, splitBatches } from './record-batch.ts';
import { RecordCursor } from './record-cursor.ts';
import type { OpenBatch } from './record-reader.ts';
import { openRecords } from './records.ts';
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

/**
 * The record batches that a fetch brought of one partition. The checksum of each is checked and the lengths of its
 * records, so that they can be taken later without a check.
 *
 * @param aborted transactions that were aborted, in the order in which the broker lists them
 * @throws UnreadableBatch
 */
export function readFetched(bytes: Buffer, aborted: readonly AbortedTransaction[]): FetchedBatches {
  const visible: OpenBatch[] = [];
  const filter = new AbortedBatches(aborted);
  let nextOffset: number | undefined;
  for (const batch of splitBatches(bytes)) {
    if (!hasValidCrc(batch)) throw new UnreadableBatch(batch.baseOffset, 'the checksum does not fit its bytes');
    nextOffset = batch.baseOffset + batch.lastOffsetDelta + 1;
    if (!filter.hides(batch) && batch.recordCount > 0) visible.push(open(batch));
  }
  return { visible, nextOffset };
}

function open(batch: RecordBatch): OpenBatch {
  const { recordCount: count, baseOffset: firstOffset, baseTimestamp: firstTimestamp } = batch;
  const body = openRecords(batch);
  checkLengths(body, batch);
  return { body, count, firstOffset, firstTimestamp, appendedAt: isLogAppendTime(batch) ? batch.maxTimestamp : undefined };
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
