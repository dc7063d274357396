import { crc32c } from '../../../src/wire/crc32c.ts';

/** Fields of one record, each as a test wants it said. */
export interface RawRecord {
  readonly attributes?: number;
  readonly timestampDelta?: number;
  readonly offsetDelta?: number;
  readonly key?: string | null;
  readonly value?: string | null;
  /** Said instead of the true ones. */
  readonly keyLength?: number;
  readonly valueLength?: number;
  readonly headerCount?: number;
  /** Behind the count of headers. */
  readonly headers?: Buffer;
  /** Behind everything, within the record. */
  readonly rest?: Buffer;
  /** Said instead of the record's true length. */
  readonly length?: number;
}

/** Fields of a batch's header, each as a test wants it said; what is absent is what a correct client says. */
export interface RawBatch {
  readonly records?: readonly RawRecord[];
  /** Instead of `records`: the bytes behind the header. */
  readonly body?: Buffer;
  readonly baseOffset?: number;
  readonly length?: number;
  readonly leaderEpoch?: number;
  readonly magic?: number;
  readonly crc?: number;
  readonly attributes?: number;
  readonly lastOffsetDelta?: number;
  readonly baseTimestamp?: number;
  readonly maxTimestamp?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly recordCount?: number;
}

export function rawBatch(batch: RawBatch, now: number): Buffer {
  const records = batch.records ?? [{}];
  const body = batch.body ?? rawRecords(records);
  const bytes = Buffer.concat([Buffer.alloc(61), body]);
  bytes.writeBigInt64BE(BigInt(batch.baseOffset ?? 0), 0);
  bytes.writeInt32BE(batch.length ?? bytes.length - 12, 8);
  bytes.writeInt32BE(batch.leaderEpoch ?? -1, 12);
  bytes.writeInt8(batch.magic ?? 2, 16);
  bytes.writeInt16BE(batch.attributes ?? 0, 21);
  bytes.writeInt32BE(batch.lastOffsetDelta ?? records.length - 1, 23);
  bytes.writeBigInt64BE(BigInt(batch.baseTimestamp ?? now), 27);
  bytes.writeBigInt64BE(BigInt(batch.maxTimestamp ?? now), 35);
  bytes.writeBigInt64BE(BigInt(batch.producerId ?? -1), 43);
  bytes.writeInt16BE(batch.producerEpoch ?? -1, 51);
  bytes.writeInt32BE(batch.baseSequence ?? -1, 53);
  bytes.writeInt32BE(batch.recordCount ?? records.length, 57);
  bytes.writeUInt32BE(batch.crc ?? crc32c(bytes, 21), 17);
  return bytes;
}

export function rawRecords(records: readonly RawRecord[]): Buffer {
  return Buffer.concat(records.map(rawRecord));
}

function rawRecord(record: RawRecord, index: number): Buffer {
  const { key = 'k', value = 'v', headers = Buffer.alloc(0), rest = Buffer.alloc(0) } = record;
  const body = Buffer.concat([
    Buffer.from([record.attributes ?? 0]),
    varint(record.timestampDelta ?? 0),
    varint(record.offsetDelta ?? index),
    field(key, record.keyLength),
    field(value, record.valueLength),
    varint(record.headerCount ?? 0),
    headers,
    rest,
  ]);
  return Buffer.concat([varint(record.length ?? body.length), body]);
}

function field(text: string | null, length?: number): Buffer {
  const bytes = Buffer.from(text ?? '');
  return Buffer.concat([varint(length ?? (text === null ? -1 : bytes.length)), bytes]);
}

/** Zig-zag, seven bits a byte. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value >= 0 ? BigInt(value) * 2n : BigInt(-value) * 2n - 1n;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}
