import { compressionOfOld, type OldMessage, oldMessageAt, sizeOfOld } from './message-set.ts';
import { batchAt, compressionOf, isFormat2, isOldFormat, offsetAt, type RecordBatch } from './record-batch.ts';
import { UnreadableBatch } from './unreadable.ts';

/** What stands in a log: a record batch, or a message that a broker before Kafka 0.11 wrote. */
export type LogEntry = RecordBatch | OldMessage;

/** Up to the number of the format. */
const SHORTEST = 17;

export const isOldMessage = (entry: LogEntry): entry is OldMessage => 'offset' in entry;

/** Offset behind the entry, as its header says. */
export const offsetBehindEntry = (entry: LogEntry): number =>
  isOldMessage(entry) ? entry.offset + 1 : entry.baseOffset + entry.lastOffsetDelta + 1;

export const compressionOfEntry = (entry: LogEntry): number => (isOldMessage(entry) ? compressionOfOld(entry) : compressionOf(entry));

/**
 * The entries in `bytes` that are whole: the last one may be cut off, because a broker counts bytes, not batches. Behind one
 * whose format is not known, or whose length makes no sense, nothing can be found: its error is the last item.
 */
export function* entriesOf(bytes: Buffer): Generator<LogEntry | UnreadableBatch> {
  try {
    for (let at = 0; at + SHORTEST <= bytes.length; ) {
      const entry = entryAt(bytes, at);
      if (entry === undefined) return;
      yield entry;
      at += isOldMessage(entry) ? sizeOfOld(entry) : entry.bytes.length;
    }
  } catch (error) {
    if (!(error instanceof UnreadableBatch)) throw error;
    yield error;
  }
}

function entryAt(bytes: Buffer, at: number): LogEntry | undefined {
  if (isFormat2(bytes, at)) return batchAt(bytes, at);
  if (isOldFormat(bytes, at)) return oldMessageAt(bytes, at);
  throw new UnreadableBatch(offsetAt(bytes, at), 'its record format is none of 0, 1 and 2');
}
