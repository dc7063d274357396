import { gunzipSync, gzipSync } from 'node:zlib';
import { bodyOf, COMPRESSION_MASK, Compression, compressionOf, isLogAppendTime, type RecordBatch, withBody } from './record-batch.ts';
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

/** A gzip batch may not grow beyond this when it is opened. */
const MAX_INFLATED_BYTES = 64 * 1024 * 1024;
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
  const body = compression === Compression.GZIP ? gzipSync(plain) : plain;
  const attributes = (batch.attributes & ~COMPRESSION_MASK) | compression | (deleteHorizonMs === undefined ? 0 : DELETE_HORIZON);
  return withBody(batch, body, { attributes, baseTimestamp, recordCount: records.length });
}

/**
 * The bytes of a batch's records, unpacked. Broker and client both open batches here.
 *
 * @throws UnreadableBatch
 */
export function openRecords(batch: RecordBatch): Buffer {
  const bytes = bodyOf(batch);
  const compression = compressionOf(batch);
  if (compression === Compression.NONE || batch.recordCount <= 0) return bytes;
  if (compression !== Compression.GZIP)
    throw new UnreadableBatch(batch.baseOffset, `there is no codec for compression ${compression} here`);
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES });
  } catch (error) {
    throw new UnreadableBatch(batch.baseOffset, `its gzip data cannot be opened: ${error instanceof Error ? error.message : error}`, error);
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
