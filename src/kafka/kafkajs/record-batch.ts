import type { OutputRecord } from '../client.ts';
import { eachHeader } from '../headers.ts';
import { crc32c } from './crc32c.ts';

export interface BatchIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly firstSequence: number;
}

const HEADER_BYTES = 61;
/** Where the bytes begin that the checksum covers, and those that the length counts. */
const ATTRIBUTES_AT = 21;
const LENGTH_COUNTS_FROM = 12;

/**
 * A record batch of format 2, uncompressed, in one pass over bytes of known size: kafkajs's own encoder makes a
 * zero-filled buffer of 512 bytes for every record and header (0.2 M records/s). Layout:
 * https://kafka.apache.org/documentation/#recordbatch
 */
export function encodeRecordBatch(records: readonly OutputRecord[], identity: BatchIdentity, now = Date.now()): Buffer {
  const first = records[0]?.timestamp ?? now;
  let max = first;
  let size = HEADER_BYTES;
  const bodies = records.map((record, index) => {
    const timestamp = record.timestamp ?? now;
    if (timestamp > max) max = timestamp;
    const body = bodySize(record, timestamp - first, index);
    size += varintSize(body) + body;
    return body;
  });
  const writer = new Writer(size, HEADER_BYTES);
  records.forEach((record, index) => {
    writeRecord(writer, record, bodies[index] ?? 0, (record.timestamp ?? now) - first, index);
  });
  writeHeader(writer.bytes, records.length, first, max, identity);
  return writer.bytes;
}

/** Roughly what the record takes in a batch: never too little. */
export function estimateSize(record: OutputRecord): number {
  let size = 32 + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  eachHeader(record.headers, (name, value) => {
    size += 10 + name.length * 3 + (value?.length ?? 0);
  });
  return size;
}

function writeHeader(bytes: Buffer, count: number, first: number, max: number, identity: BatchIdentity): void {
  bytes.writeBigInt64BE(0n, 0);
  bytes.writeInt32BE(bytes.length - LENGTH_COUNTS_FROM, 8);
  bytes.writeInt32BE(-1, LENGTH_COUNTS_FROM);
  bytes.writeInt8(2, 16);
  bytes.writeInt16BE(0, ATTRIBUTES_AT);
  bytes.writeInt32BE(count - 1, 23);
  bytes.writeBigInt64BE(BigInt(first), 27);
  bytes.writeBigInt64BE(BigInt(max), 35);
  bytes.writeBigInt64BE(identity.producerId, 43);
  bytes.writeInt16BE(identity.producerEpoch, 51);
  bytes.writeInt32BE(identity.firstSequence, 53);
  bytes.writeInt32BE(count, 57);
  bytes.writeUInt32BE(crc32c(bytes, ATTRIBUTES_AT), 17);
}

function bodySize(record: OutputRecord, timestampDelta: number, offsetDelta: number): number {
  let size = 1 + varintSize(timestampDelta) + varintSize(offsetDelta) + bytesSize(record.key) + bytesSize(record.value);
  let headers = 0;
  eachHeader(record.headers, (name, value) => {
    const length = Buffer.byteLength(name);
    size += varintSize(length) + length + bytesSize(value);
    headers += 1;
  });
  return size + varintSize(headers);
}

function writeRecord(writer: Writer, record: OutputRecord, body: number, timestampDelta: number, offsetDelta: number): void {
  writer.varint(body);
  writer.byte(0);
  writer.varint(timestampDelta);
  writer.varint(offsetDelta);
  writer.buffer(record.key);
  writer.buffer(record.value);
  let headers = 0;
  eachHeader(record.headers, () => (headers += 1));
  writer.varint(headers);
  eachHeader(record.headers, (name, value) => {
    writer.text(name);
    writer.buffer(value);
  });
}

const bytesSize = (bytes: Buffer | null): number => (bytes === null ? 1 : varintSize(bytes.length) + bytes.length);

/** Zigzag, in plain numbers: exact up to 2 ** 52. */
const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);

function varintSize(value: number): number {
  let rest = zigzag(value);
  let size = 1;
  for (; rest >= 0x80; size++) rest = Math.floor(rest / 0x80);
  return size;
}

class Writer {
  readonly bytes: Buffer;
  #at: number;

  constructor(size: number, start: number) {
    this.bytes = Buffer.allocUnsafe(size);
    this.#at = start;
  }

  byte(value: number): void {
    this.bytes[this.#at++] = value;
  }

  varint(value: number): void {
    let rest = zigzag(value);
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.byte((rest % 0x80) | 0x80);
    this.byte(rest);
  }

  buffer(value: Buffer | null): void {
    if (value === null) return this.varint(-1);
    this.varint(value.length);
    this.#at += value.copy(this.bytes, this.#at);
  }

  text(value: string): void {
    this.varint(Buffer.byteLength(value));
    this.#at += this.bytes.write(value, this.#at, 'utf8');
  }
}
