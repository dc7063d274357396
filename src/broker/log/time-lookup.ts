import type { RecordBatch } from '../../wire/record-batch.ts';
import { readPositions } from '../../wire/records.ts';
import type { TimedOffset } from './partition-log.ts';

/** The first record of the batch at or after both `timestamp` and `startOffset`; to the batch, where it cannot be opened. */
export function firstInBatch(batch: RecordBatch, timestamp: number, startOffset: number): TimedOffset | undefined {
  const records = readPositions(batch);
  if (records !== undefined) return records.find((record) => record.timestamp >= timestamp && record.offset >= startOffset);
  return { offset: Math.max(batch.baseOffset, startOffset), timestamp: batch.maxTimestamp };
}
