import { RecordCursor } from './record-cursor.ts';
import type { OpenBatch } from './record-reader.ts';

/** The batches without their records from the offset on. A batch that cannot be read stays whole if it begins below. */
export function batchesBelow(batches: readonly OpenBatch[], offset: number): readonly OpenBatch[] {
  const kept = batches.filter(({ firstOffset }) => firstOffset < offset);
  const last = kept.pop();
  if (last === undefined) return [];
  return [...kept, last.unreadable === undefined ? cut(last, offset) : last];
}

function cut(batch: OpenBatch, offset: number): OpenBatch {
  const cursor = new RecordCursor(batch.body);
  for (let count = 0; count < batch.count; count++) {
    const start = cursor.at;
    const end = cursor.varint() + cursor.at;
    cursor.at++;
    cursor.varint();
    if (batch.firstOffset + cursor.varint() >= offset) return { ...batch, count, body: batch.body.subarray(0, start) };
    cursor.at = end;
  }
  return batch;
}
