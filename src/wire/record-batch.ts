import { crc32c } from './crc32c.ts';
import { Refusal } from './error-code.ts';

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
const LENGTH_AT = 8;
const LEADER_EPOCH_AT = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const MAX_TIMESTAMP_AT = 35;

const COMPRESSION_MASK = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

export const Compression = { NONE: 0, GZIP: 1, SNAPPY: 2, LZ4: 3, ZSTD: 4 } as const;

export function compressionOf(batch: RecordBatch): number {
  return batch.attributes & COMPRESSION_MASK;
}

export function isTransactional(batch: BatchHeader): boolean {
  return (batch.attributes & TRANSACTIONAL) !== 0;
}

export function isControl(batch: BatchHeader): boolean {
  return (batch.attributes & CONTROL) !== 0;
}

export function isLogAppendTime(batch: RecordBatch): boolean {
  return (batch.attributes & LOG_APPEND_TIME) !== 0;
}

/**
 * Reads the header of the one batch in `bytes`.
 *
 * @throws Refusal INVALID_RECORD for an old format, and for less or more than one batch; CORRUPT_MESSAGE for a senseless length
 */
export function readBatch(bytes: Buffer): RecordBatch {
  const isWhole = bytes.length > MAGIC_AT && batchLength(bytes) <= bytes.length;
  if (!isWhole) throw new Refusal('INVALID_RECORD', `there is no whole record batch in ${bytes.length} bytes`);
  const magic = bytes[MAGIC_AT];
  if (magic !== 2) throw new Refusal('INVALID_RECORD', `record format ${magic} is not served, only format 2`);
  const length = batchLength(bytes);
  if (length < HEADER_BYTES) throw new Refusal('CORRUPT_MESSAGE', `a batch of ${length} bytes is shorter than its header`);
  if (length < bytes.length) throw new Refusal('INVALID_RECORD', 'a produce request may hold one batch for each partition');
  return { bytes, ...readHeader(bytes) };
}

/** Bytes of the batch that begins at `at`, as its header says; at least the first twelve must be there. */
export function batchLength(bytes: Buffer, at = 0): number {
  return bytes.readInt32BE(at + LENGTH_AT) + PREFIX_BYTES;
}

export function isFormat2(bytes: Buffer, at: number): boolean {
  return bytes[at + MAGIC_AT] === 2;
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
    baseOffset: int64(bytes, 0),
    attributes: bytes.readInt16BE(ATTRIBUTES_AT),
    lastOffsetDelta: bytes.readInt32BE(LAST_OFFSET_DELTA_AT),
    baseTimestamp: int64(bytes, 27),
    maxTimestamp: int64(bytes, MAX_TIMESTAMP_AT),
    producerId: int64(bytes, 43),
    producerEpoch: bytes.readInt16BE(51),
    baseSequence: bytes.readInt32BE(53),
    recordCount: bytes.readInt32BE(57),
  };
}

/** Checks that the checksum over the bytes after it is the one in the header. */
export function hasValidCrc({ bytes }: Pick<RecordBatch, 'bytes'>): boolean {
  return bytes.readUInt32BE(CRC_AT) === crc32c(bytes, ATTRIBUTES_AT);
}

/** Writes the batch's place in the log into its header; both fields lie outside the checksum. */
export function stampOffset(bytes: Buffer, baseOffset: number, leaderEpoch: number): void {
  const high = Math.floor(baseOffset / 4294967296);
  bytes.writeInt32BE(high, 0);
  bytes.writeUInt32BE(baseOffset - high * 4294967296, 4);
  bytes.writeInt32BE(leaderEpoch, LEADER_EPOCH_AT);
}

/** Gives all records of the batch the time of their arrival (`message.timestamp.type=LogAppendTime`). */
export function stampAppendTime(batch: RecordBatch, now: number): RecordBatch {
  const { bytes } = batch;
  const attributes = batch.attributes | LOG_APPEND_TIME;
  bytes.writeInt16BE(attributes, ATTRIBUTES_AT);
  bytes.writeBigInt64BE(BigInt(now), MAX_TIMESTAMP_AT);
  bytes.writeUInt32BE(crc32c(bytes, ATTRIBUTES_AT), CRC_AT);
  return { ...batch, attributes, maxTimestamp: now };
}

function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 4294967296 + bytes.readUInt32BE(at + 4);
}
