import { bodyOf, CONTROL, HEADER_BYTES, isControl, type RecordBatch, readHeader, TRANSACTIONAL, writeHeader } from './record-batch.ts';
import { RecordCursor } from './record-cursor.ts';

/** How a transaction ended, as a control batch says it to readers of a partition. */
export interface Marker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly isCommit: boolean;
}

/** There is one coordinator, and it never moves. */
const COORDINATOR_EPOCH = 0;
const ABORT = 0;
const COMMIT = 1;
/** Length, attributes, two deltas, length of the key: each a varint of one byte here. */
const KEY_AT = HEADER_BYTES + 5;
const RECORD_BYTES = 17;

/**
 * A control batch of one record (https://kafka.apache.org/documentation/#controlbatch): its key is version 0 and the kind
 * of the marker, its value version 0 and the coordinator's epoch.
 *
 * @param now milliseconds since 1970
 */
export function markerBatch({ producerId, producerEpoch, isCommit }: Marker, now: number): RecordBatch {
  const bytes = Buffer.alloc(HEADER_BYTES + RECORD_BYTES);
  bytes.set([(RECORD_BYTES - 1) * 2, 0, 0, 0, 4 * 2], HEADER_BYTES);
  bytes.writeInt16BE(isCommit ? COMMIT : ABORT, KEY_AT + 2);
  bytes.writeInt8(6 * 2, KEY_AT + 4);
  bytes.writeInt32BE(COORDINATOR_EPOCH, KEY_AT + 7);
  const owner = { producerId, producerEpoch, firstSequence: -1 };
  writeHeader(bytes, { ...owner, attributes: TRANSACTIONAL | CONTROL, baseTimestamp: now, maxTimestamp: now, recordCount: 1 });
  return { bytes, ...readHeader(bytes) };
}

/** The marker in a control batch; undefined for batches of records, and for control batches of other kinds. */
export function markerOf(batch: RecordBatch): Marker | undefined {
  if (!isControl(batch) || batch.recordCount <= 0) return undefined;
  const kind = kindOf(bodyOf(batch));
  if (kind !== COMMIT && kind !== ABORT) return undefined;
  return { producerId: batch.producerId, producerEpoch: batch.producerEpoch, isCommit: kind === COMMIT };
}

/** A control record's key is its version and its type, two bytes each. */
function kindOf(body: Buffer): number | undefined {
  const cursor = new RecordCursor(body);
  cursor.varint();
  cursor.at++;
  cursor.varint();
  cursor.varint();
  const key = cursor.slice();
  return key !== null && key.length >= 4 ? key.readInt16BE(2) : undefined;
}
