import { codecOf } from './compression/codecs.ts';
import { COMPRESSION_MASK, Compression } from './compression/compression.ts';
import { CompressionError } from './compression/compression-error.ts';
import { bodyOf, compressionOf, isLogAppendTime, type RecordBatch, readHeader, withBody } from './record-batch.ts';
import { RecordCursor, varintSize, zigzag } from './record-cursor.ts';
import { UnreadableBatch } from './unreadable.ts';

/** Where one record stands, and whether it has a key. */
export interface RecordPosition {
  readonly offset: number;
  readonly timestamp: number;
  readonly hasKey: boolean;
}

/** One record, with the bytes that it is made of. */
export interface BatchRecord extends RecordPosition {
  /** Null without one. */
  readonly key: Buffer | null;
  readonly isTombstone: boolean;
  readonly attributes: number;
  /** From the offset's delta on. */
  readonly rest: Buffer;
}

/** A compressed batch may not expand beyond this, unless a caller allows more. */
export const MAX_BATCH_BYTES = 64 * 1024 * 1024;
const DELETE_HORIZON = 0x40;

/** The records of a batch in order, or undefined when it cannot be opened. */
export function readPositions(batch: RecordBatch): RecordPosition[] | undefined {
  return readRecords(batch);
}

export function readRecords(batch: RecordBatch): BatchRecord[] | undefined {
  try {
    return parse(batch, openRecords(batch));
  } catch (error) {
    if (error instanceof UnreadableBatch) return undefined;
    throw error;
  }
}

/** When tombstones of the batch may go, milliseconds since 1970; undefined before it was cleaned for the first time. */
export function deleteHorizonOf({ attributes, baseTimestamp }: RecordBatch): number | undefined {
  return (attributes & DELETE_HORIZON) !== 0 ? baseTimestamp : undefined;
}

/**
 * The batch with fewer records, in the same place: first and last offset, producer, sequence and latest time stay as they
 * are, so that a reader that counts offsets or sequences sees no difference.
 *
 * @param deleteHorizonMs kept in the place of the base timestamp, marked by a bit of the attributes, as Kafka does (KIP-534)
 */
export function withRecords(batch: RecordBatch, records: readonly BatchRecord[], deleteHorizonMs?: number): RecordBatch {
  const baseTimestamp = deleteHorizonMs ?? batch.baseTimestamp;
  const plain = Buffer.concat(records.map((record) => encode(record, baseTimestamp)));
  const compression = plain.length === 0 ? Compression.NONE : compressionOf(batch);
  const attributes = (batch.attributes & ~COMPRESSION_MASK) | compression | (deleteHorizonMs === undefined ? 0 : DELETE_HORIZON);
  return withBody(batch, pack(plain, compression), { attributes, baseTimestamp, recordCount: records.length });
}

/** A batch whose records are not compressed, compressed by a codec that was loaded. @throws CompressionError */
export function compressBatch(bytes: Buffer, compression: number): Buffer {
  if (compression === Compression.NONE) return bytes;
  return packed({ bytes, ...readHeader(bytes) }, bodyOf({ bytes }), compression).bytes;
}

/** The batch with its records, given here uncompressed, compressed by a codec that was loaded. @throws CompressionError */
export function packed(batch: RecordBatch, plain: Buffer, compression: number, level?: number): RecordBatch {
  const attributes = (batch.attributes & ~COMPRESSION_MASK) | compression;
  const { baseTimestamp, recordCount } = batch;
  return withBody(batch, pack(plain, compression, level), { attributes, baseTimestamp, recordCount });
}

/** The records of a batch, decompressed, with offsets one after the other. @throws UnreadableBatch */
export function renumbered(batch: RecordBatch): Buffer {
  const records = parse(batch, openRecords(batch));
  return Buffer.concat(
    records.map((record, i) => {
      const cursor = new RecordCursor(record.rest);
      cursor.varint();
      const rest = Buffer.concat([Buffer.from(varintBytes(i)), record.rest.subarray(cursor.at)]);
      return encode({ ...record, rest }, batch.baseTimestamp);
    }),
  );
}

function pack(plain: Buffer, compression: number, level?: number): Buffer {
  return compression === Compression.NONE ? plain : codecOf(compression).compress(plain, level);
}

/**
 * The bytes of a batch's records, decompressed by a codec that was loaded. Broker and client both open batches here.
 *
 * @param maxBytes to which they may expand
 * @throws UnreadableBatch
 */
export function openRecords(batch: RecordBatch, maxBytes = MAX_BATCH_BYTES): Buffer {
  // Kafka does not open a batch that counts no records.
  return batch.recordCount <= 0 ? bodyOf(batch) : unpacked(batch, maxBytes);
}

/** The same, whatever the batch counts. @throws UnreadableBatch */
export function unpacked(batch: RecordBatch, maxBytes: number): Buffer {
  const bytes = bodyOf(batch);
  const compression = compressionOf(batch);
  if (compression === Compression.NONE) return bytes;
  try {
    return codecOf(compression).decompress(bytes, maxBytes);
  } catch (error) {
    throw error instanceof CompressionError ? new UnreadableBatch(batch.baseOffset, error.message, error) : error;
  }
}

function parse(batch: RecordBatch, bytes: Buffer): BatchRecord[] {
  const records: BatchRecord[] = [];
  const cursor = new RecordCursor(bytes);
  for (let i = 0; i < batch.recordCount; i++) {
    const end = cursor.varint() + cursor.at;
    const attributes = ((bytes[cursor.at++] ?? 0) << 24) >> 24;
    const created = batch.baseTimestamp + cursor.varint();
    const restAt = cursor.at;
    const offset = batch.baseOffset + cursor.varint();
    const key = cursor.slice();
    const isTombstone = cursor.skip() < 0;
    if (!(cursor.at <= end && end <= bytes.length))
      throw new UnreadableBatch(batch.baseOffset, `record ${i} of ${batch.recordCount} is cut off`);
    records.push({
      offset,
      timestamp: isLogAppendTime(batch) ? batch.maxTimestamp : created,
      hasKey: key !== null,
      key,
      isTombstone,
      attributes,
      rest: bytes.subarray(restAt, end),
    });
    cursor.at = end;
  }
  return records;
}

function encode({ attributes, timestamp, rest }: BatchRecord, baseTimestamp: number): Buffer {
  const delta = varintBytes(timestamp - baseTimestamp);
  const head = [attributes & 0xff, ...delta];
  return Buffer.concat([Buffer.from([...varintBytes(head.length + rest.length), ...head]), rest]);
}

function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = zigzag(value);
  for (let left = varintSize(value); left > 1; left--, rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}
