import { crc32c } from './crc32c.ts';
import { HEADER_BYTES, isControl, type RecordBatch, readHeader } from './record-batch.ts';

/** How a transaction ended, as a partition is told by a control batch. */
export interface Marker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly isCommit: boolean;
}

/** There is one coordinator, and it never moves. */
const COORDINATOR_EPOCH = 0;
const ATTRIBUTES = 0x30;
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
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt8(2, 16);
  bytes.writeInt16BE(ATTRIBUTES, 21);
  bytes.writeBigInt64BE(BigInt(now), 27);
  bytes.writeBigInt64BE(BigInt(now), 35);
  bytes.writeBigInt64BE(BigInt(producerId), 43);
  bytes.writeInt16BE(producerEpoch, 51);
  bytes.writeInt32BE(-1, 53);
  bytes.writeInt32BE(1, 57);
  bytes.set([(RECORD_BYTES - 1) * 2, 0, 0, 0, 4 * 2], HEADER_BYTES);
  bytes.writeInt16BE(isCommit ? COMMIT : ABORT, KEY_AT + 2);
  bytes.writeInt8(6 * 2, KEY_AT + 4);
  bytes.writeInt32BE(COORDINATOR_EPOCH, KEY_AT + 7);
  bytes.writeUInt32BE(crc32c(bytes, 21), 17);
  return { bytes, ...readHeader(bytes) };
}

/** What a batch says of its producer's transaction; undefined for records, and for control batches of other kinds. */
export function markerOf(batch: RecordBatch): Marker | undefined {
  if (!isControl(batch) || batch.bytes.length < KEY_AT + 4) return undefined;
  const kind = batch.bytes.readInt16BE(KEY_AT + 2);
  if (kind !== COMMIT && kind !== ABORT) return undefined;
  return { producerId: batch.producerId, producerEpoch: batch.producerEpoch, isCommit: kind === COMMIT };
}
