import { COMPRESSION_MASK } from './compression/compression.ts';
import { crc32c } from './crc32c.ts';
import { Refusal } from './error-code.ts';
import { UnreadableBatch } from './unreadable.ts';

/**
 * The header of a record batch, format version 2 (https://kafka.apache.org/documentation/#recordbatch). The fields are
 * read where they stand in the bytes: a broker looks at 61 bytes of a batch and never at its records.
 */
export interface RecordBatch {
  /** The whole batch, header included. */
  readonly bytes: Buffer;
  readonly baseOffset: number;
  readonly lastOffsetDelta: number;
  readonly attributes: number;
  /** Milliseconds since 1970. */
  readonly baseTimestamp: number;
  /** Milliseconds since 1970. */
  readonly maxTimestamp: number;
  /** -1 for a producer that is not idempotent. */
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
}

/** What a header says, without the bytes it came from. */
export type BatchHeader = Omit<RecordBatch, 'bytes'>;

export const HEADER_BYTES = 61;
/** Offset and length, which the length field does not count. */
const PREFIX_BYTES = 12;
const BASE_OFFSET_AT = 0;
const LENGTH_AT = 8;
const LEADER_EPOCH_AT = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const BASE_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const RECORD_COUNT_AT = 57;

const LOG_APPEND_TIME = 0x08;
export const TRANSACTIONAL = 0x10;
export const CONTROL = 0x20;

export function compressionOf(batch: BatchHeader): number {
  return batch.attributes & COMPRESSION_MASK;
}

/** The compression of the batch that begins with `bytes`, which may be cut off or of another format. */
export function compressionAt(bytes: Buffer): number {
  return (bytes[ATTRIBUTES_AT + 1] ?? 0) & COMPRESSION_MASK;
}

export function isTransactional(batch: BatchHeader): boolean {
  return (batch.attributes & TRANSACTIONAL) !== 0;
}

export function isControl(batch: BatchHeader): boolean {
  return (batch.attributes & CONTROL) !== 0;
}

export function isLogAppendTime(batch: BatchHeader): boolean {
  return (batch.attributes & LOG_APPEND_TIME) !== 0;
}

/** The least length field that Kafka takes for a batch, of any format. */
const LEAST_LENGTH = 14;

/**
 * Reads the header of the one batch in `bytes`, which a producer sent. A few bytes behind it, too few for another batch,
 * are left out, as Kafka leaves them out.
 *
 * @throws Refusal INVALID_RECORD for an old format, and for less or more than one batch; CORRUPT_MESSAGE for an impossible
 *   length or format
 */
export function readBatch(bytes: Buffer): RecordBatch {
  const length = wholeLength(bytes, 0);
  if (length === undefined) throw new Refusal('INVALID_RECORD', `there is no whole record batch in ${bytes.length} bytes`);
  const magic = bytes[MAGIC_AT];
  if (magic !== 2) throw new Refusal('INVALID_RECORD', `record format ${magic} is not supported, only format 2`);
  if (wholeLength(bytes, length) !== undefined)
    throw new Refusal('INVALID_RECORD', 'a produce request must hold one batch for each partition');
  if (length < HEADER_BYTES) throw new Refusal('CORRUPT_MESSAGE', `a batch of ${length} bytes is shorter than its header`);
  const own = bytes.subarray(0, length);
  return { bytes: own, ...readHeader(own) };
}

/** Bytes of the whole batch at `at`; undefined when the bytes end before it does. @throws Refusal CORRUPT_MESSAGE */
function wholeLength(bytes: Buffer, at: number): number | undefined {
  if (at + PREFIX_BYTES > bytes.length) return undefined;
  const length = bytes.readInt32BE(at + LENGTH_AT);
  if (length < LEAST_LENGTH) throw new Refusal('CORRUPT_MESSAGE', `a length of ${length} bytes is too small for a batch`);
  if (at + MAGIC_AT >= bytes.length) return undefined;
  const magic = bytes.readInt8(at + MAGIC_AT);
  if (magic < 0 || magic > 2) throw new Refusal('CORRUPT_MESSAGE', `there is no record format ${magic}`);
  return at + PREFIX_BYTES + length > bytes.length ? undefined : PREFIX_BYTES + length;
}

/** Bytes of the batch that begins at `at`, as its header says; at least the first twelve must be there. */
export function batchLength(bytes: Buffer, at = 0): number {
  return bytes.readInt32BE(at + LENGTH_AT) + PREFIX_BYTES;
}

export function isFormat2(bytes: Buffer, at: number): boolean {
  return bytes[at + MAGIC_AT] === 2;
}

/** Messages that brokers before Kafka 0.11 wrote. */
export function isOldFormat(bytes: Buffer, at: number): boolean {
  const magic = bytes[at + MAGIC_AT];
  return magic === 0 || magic === 1;
}

/** Base offset of the batch that begins at `at`. */
export function offsetAt(bytes: Buffer, at: number): number {
  return int64(bytes, at);
}

/** Offset after the last record of the batch that begins at `at`. */
export function offsetAfter(bytes: Buffer, at: number): number {
  return int64(bytes, at) + bytes.readInt32BE(at + LAST_OFFSET_DELTA_AT) + 1;
}

/** Reads the fields of a header of format 2, unchecked. */
export function readHeader(bytes: Buffer): BatchHeader {
  return {
    baseOffset: int64(bytes, BASE_OFFSET_AT),
    attributes: bytes.readInt16BE(ATTRIBUTES_AT),
    lastOffsetDelta: bytes.readInt32BE(LAST_OFFSET_DELTA_AT),
    baseTimestamp: int64(bytes, BASE_TIMESTAMP_AT),
    maxTimestamp: int64(bytes, MAX_TIMESTAMP_AT),
    producerId: int64(bytes, PRODUCER_ID_AT),
    producerEpoch: bytes.readInt16BE(51),
    baseSequence: bytes.readInt32BE(53),
    recordCount: bytes.readInt32BE(RECORD_COUNT_AT),
  };
}

/** The fields of a header that a writer chooses; the batch is not in a log yet. */
export interface HeaderDraft {
  readonly attributes: number;
  /** Milliseconds since 1970. */
  readonly baseTimestamp: number;
  /** Milliseconds since 1970. */
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly recordCount: number;
}

/** Writes the header of the batch that fills `bytes`, and the checksum of what is behind it. */
export function writeHeader(bytes: Buffer, draft: HeaderDraft): void {
  writeInt64(bytes, 0, BASE_OFFSET_AT);
  bytes.writeInt32BE(bytes.length - PREFIX_BYTES, LENGTH_AT);
  bytes.writeInt32BE(-1, LEADER_EPOCH_AT);
  bytes.writeInt8(2, MAGIC_AT);
  bytes.writeInt16BE(draft.attributes, ATTRIBUTES_AT);
  bytes.writeInt32BE(draft.recordCount - 1, LAST_OFFSET_DELTA_AT);
  writeInt64(bytes, draft.baseTimestamp, BASE_TIMESTAMP_AT);
  writeInt64(bytes, draft.maxTimestamp, MAX_TIMESTAMP_AT);
  writeInt64(bytes, draft.producerId, PRODUCER_ID_AT);
  bytes.writeInt16BE(draft.producerEpoch, 51);
  bytes.writeInt32BE(draft.firstSequence, 53);
  bytes.writeInt32BE(draft.recordCount, RECORD_COUNT_AT);
  writeChecksum(bytes);
}

/** A copy of the header in front of other records; the checksum is that of the new bytes. */
export function withBody(
  { bytes }: Pick<RecordBatch, 'bytes'>,
  body: Buffer,
  changed: Pick<HeaderDraft, 'attributes' | 'baseTimestamp' | 'recordCount'>,
): RecordBatch {
  const next = Buffer.allocUnsafeSlow(HEADER_BYTES + body.length);
  bytes.copy(next, 0, 0, HEADER_BYTES);
  body.copy(next, HEADER_BYTES);
  next.writeInt32BE(next.length - PREFIX_BYTES, LENGTH_AT);
  next.writeInt16BE(changed.attributes, ATTRIBUTES_AT);
  writeInt64(next, changed.baseTimestamp, BASE_TIMESTAMP_AT);
  next.writeInt32BE(changed.recordCount, RECORD_COUNT_AT);
  writeChecksum(next);
  return { bytes: next, ...readHeader(next) };
}

/** The records of a batch as they stand in it, packed or not. */
export function bodyOf({ bytes }: Pick<RecordBatch, 'bytes'>): Buffer {
  return bytes.subarray(HEADER_BYTES);
}

/**
 * The batch of format 2 that begins at `at`; undefined when it is cut off.
 *
 * @throws UnreadableBatch for a senseless length
 */
export function batchAt(bytes: Buffer, at: number): RecordBatch | undefined {
  if (at + HEADER_BYTES > bytes.length) return undefined;
  const length = batchLength(bytes, at);
  if (length < HEADER_BYTES) throw new UnreadableBatch(offsetAt(bytes, at), `a batch of ${length} bytes is shorter than its header`);
  if (at + length > bytes.length) return undefined;
  const batch = bytes.subarray(at, at + length);
  return { bytes: batch, ...readHeader(batch) };
}

/** Checks that the checksum over the bytes after it is the one in the header. */
export function hasValidCrc({ bytes }: Pick<RecordBatch, 'bytes'>): boolean {
  return bytes.readUInt32BE(CRC_AT) === crc32c(bytes, ATTRIBUTES_AT);
}

/** Writes the batch's place in the log into its header; both fields lie outside the checksum. */
export function stampOffset(bytes: Buffer, baseOffset: number, leaderEpoch: number): void {
  writeInt64(bytes, baseOffset, BASE_OFFSET_AT);
  bytes.writeInt32BE(leaderEpoch, LEADER_EPOCH_AT);
}

/**
 * Writes into the header which time its records have: their own, of which the latest is `maxTimestamp`, or that of their
 * arrival (`message.timestamp.type=LogAppendTime`).
 */
export function stampTime(batch: RecordBatch, type: 'CreateTime' | 'LogAppendTime', maxTimestamp: number): RecordBatch {
  const { bytes } = batch;
  const attributes = type === 'LogAppendTime' ? batch.attributes | LOG_APPEND_TIME : batch.attributes & ~LOG_APPEND_TIME;
  bytes.writeInt16BE(attributes, ATTRIBUTES_AT);
  writeInt64(bytes, maxTimestamp, MAX_TIMESTAMP_AT);
  writeChecksum(bytes);
  return { ...batch, attributes, maxTimestamp };
}

function writeChecksum(bytes: Buffer): void {
  bytes.writeUInt32BE(crc32c(bytes, ATTRIBUTES_AT), CRC_AT);
}

function writeInt64(bytes: Buffer, value: number, at: number): void {
  const high = Math.floor(value / 4294967296);
  bytes.writeInt32BE(high, at);
  bytes.writeUInt32BE(value - high * 4294967296, at + 4);
}

function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 4294967296 + bytes.readUInt32BE(at + 4);
}
