import { gunzipSync, gzipSync } from 'node:zlib';
import { crc32c } from './crc32c.ts';
import { Compression, compressionOf, HEADER_BYTES, isLogAppendTime, type RecordBatch, readHeader } from './record-batch.ts';

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
const COMPRESSION = 0x07;
const DELETE_HORIZON = 0x40;

/**
 * The records of a batch in order, or undefined when they cannot be opened here (snappy, lz4 and zstd have no codec in
 * Node 20; bytes that do not parse).
 */
export function readPositions(batch: RecordBatch): RecordPosition[] | undefined {
  return readRecords(batch);
}

export function readRecords(batch: RecordBatch): BatchRecord[] | undefined {
  try {
    const bytes = openRecords(batch);
    return bytes === undefined ? undefined : parse(batch, bytes);
  } catch {
    return undefined;
  }
}

/** When tombstones of the batch may go, milliseconds since 1970; undefined before it was cleaned for the first time. */
export function deleteHorizonOf({ attributes, baseTimestamp }: RecordBatch): number | undefined {
  return (attributes & DELETE_HORIZON) !== 0 ? baseTimestamp : undefined;
}

/**
 * The batch with fewer records, in the same place: first and last offset, producer, sequence and latest time stay as they
 * are, so that who counts offsets or sequences sees no difference.
 *
 * @param deleteHorizonMs kept in the place of the base timestamp, marked by a bit of the attributes, as Kafka does (KIP-534)
 */
export function withRecords(batch: RecordBatch, records: readonly BatchRecord[], deleteHorizonMs?: number): RecordBatch {
  const baseTimestamp = deleteHorizonMs ?? batch.baseTimestamp;
  const plain = Buffer.concat(records.map((record) => encode(record, baseTimestamp)));
  const compression = plain.length === 0 ? Compression.NONE : compressionOf(batch);
  const body = compression === Compression.GZIP ? gzipSync(plain) : plain;
  const attributes = (batch.attributes & ~COMPRESSION) | compression | (deleteHorizonMs === undefined ? 0 : DELETE_HORIZON);
  const bytes = Buffer.allocUnsafeSlow(HEADER_BYTES + body.length);
  batch.bytes.copy(bytes, 0, 0, HEADER_BYTES);
  body.copy(bytes, HEADER_BYTES);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt16BE(attributes, 21);
  bytes.writeBigInt64BE(BigInt(baseTimestamp), 27);
  bytes.writeInt32BE(records.length, 57);
  bytes.writeUInt32BE(crc32c(bytes, 21), 17);
  return { bytes, ...readHeader(bytes) };
}

function openRecords(batch: RecordBatch): Buffer | undefined {
  const bytes = batch.bytes.subarray(HEADER_BYTES);
  const compression = compressionOf(batch);
  if (compression === Compression.NONE) return bytes;
  if (compression === Compression.GZIP) return gunzipSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES });
  return undefined;
}

function parse(batch: RecordBatch, bytes: Buffer): BatchRecord[] {
  const records: BatchRecord[] = [];
  const cursor = { bytes, at: 0 };
  for (let i = 0; i < batch.recordCount; i++) {
    const end = varint(cursor) + cursor.at;
    const attributes = cursor.bytes.readInt8(cursor.at++);
    const created = batch.baseTimestamp + varint(cursor);
    const restAt = cursor.at;
    const offset = batch.baseOffset + varint(cursor);
    const keyLength = varint(cursor);
    const keyAt = cursor.at;
    cursor.at += Math.max(0, keyLength);
    const valueLength = varint(cursor);
    if (end < cursor.at || end > bytes.length) throw new RangeError('record length');
    records.push({
      offset,
      timestamp: isLogAppendTime(batch) ? batch.maxTimestamp : created,
      hasKey: keyLength >= 0,
      key: keyLength < 0 ? null : bytes.subarray(keyAt, keyAt + keyLength),
      isTombstone: valueLength < 0,
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

/** Zig-zag encoded, up to ten bytes; exact within 2^53. */
function varint(cursor: { readonly bytes: Buffer; at: number }): number {
  let value = 0;
  for (let factor = 1, i = 0; i < 10; i++, factor *= 128) {
    const byte = cursor.bytes.readUInt8(cursor.at++);
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
  throw new RangeError('varint');
}

function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}
