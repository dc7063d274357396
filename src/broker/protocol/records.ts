import { gunzipSync } from 'node:zlib';
import { Compression, compressionOf, HEADER_BYTES, isLogAppendTime, type RecordBatch } from './record-batch.ts';

/** Where one record stands, and whether it has a key. */
export interface RecordPosition {
  readonly offset: number;
  readonly timestamp: number;
  readonly hasKey: boolean;
}

/** A gzip batch may not grow beyond this when it is opened for an exact look-up. */
const MAX_INFLATED_BYTES = 64 * 1024 * 1024;

/**
 * The records of a batch in order, or undefined when they cannot be opened here (snappy, lz4 and zstd have no codec in
 * Node 20; bytes that do not parse).
 */
export function readPositions(batch: RecordBatch): RecordPosition[] | undefined {
  try {
    const bytes = openRecords(batch);
    return bytes === undefined ? undefined : parse(batch, bytes);
  } catch {
    return undefined;
  }
}

function openRecords(batch: RecordBatch): Buffer | undefined {
  const bytes = batch.bytes.subarray(HEADER_BYTES);
  const compression = compressionOf(batch);
  if (compression === Compression.NONE) return bytes;
  if (compression === Compression.GZIP) return gunzipSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES });
  return undefined;
}

function parse(batch: RecordBatch, bytes: Buffer): RecordPosition[] {
  const positions: RecordPosition[] = [];
  const cursor = { bytes, at: 0 };
  for (let i = 0; i < batch.recordCount; i++) {
    const end = varint(cursor) + cursor.at;
    cursor.at += 1;
    const timestamp = batch.baseTimestamp + varint(cursor);
    const offset = batch.baseOffset + varint(cursor);
    positions.push({ offset, timestamp: isLogAppendTime(batch) ? batch.maxTimestamp : timestamp, hasKey: varint(cursor) >= 0 });
    if (end < cursor.at || end > bytes.length) throw new RangeError('record length');
    cursor.at = end;
  }
  return positions;
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
