import { HEADER_BYTES, TRANSACTIONAL, writeHeader } from './record-batch.ts';
import { varintSize, zigzag } from './record-cursor.ts';

/** A record to be written. */
export interface RecordDraft {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Milliseconds since 1970. @default the time of the encoding */
  readonly timestamp?: number | undefined;
}

/** Whose batch it is. */
export interface BatchOwner {
  /** -1 for a producer that is not idempotent. */
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly isTransactional?: boolean;
}

type VisitHeader = (name: string, value: Buffer | null) => void;
/** Calls back for each header of a record, in order. */
export type EachHeader<R> = (record: R, visit: VisitHeader) => void;

/**
 * A record batch of format 2, uncompressed, in one pass over bytes of known size: kafkajs's own encoder makes a
 * zero-filled buffer of 512 bytes for every record and header (0.2 M records/s). Layout:
 * https://kafka.apache.org/documentation/#recordbatch
 */
export function encodeBatch<R extends RecordDraft>(
  records: readonly R[],
  owner: BatchOwner,
  eachHeader: EachHeader<R>,
  now = Date.now(),
): Buffer {
  const first = records[0]?.timestamp ?? now;
  let max = first;
  let size = HEADER_BYTES;
  const bodies = records.map((record, index) => {
    const timestamp = record.timestamp ?? now;
    if (timestamp > max) max = timestamp;
    const body = bodySize(record, timestamp - first, index, eachHeader);
    size += varintSize(body) + body;
    return body;
  });
  const writer = new RecordWriter(size, HEADER_BYTES);
  records.forEach((record, index) => {
    writeRecord(writer, record, bodies[index] ?? 0, (record.timestamp ?? now) - first, index, eachHeader);
  });
  const attributes = owner.isTransactional ? TRANSACTIONAL : 0;
  writeHeader(writer.bytes, { ...owner, attributes, recordCount: records.length, baseTimestamp: first, maxTimestamp: max });
  return writer.bytes;
}

/** Roughly the bytes that the record takes in a batch: never too few. */
export function estimateSize<R extends RecordDraft>(record: R, eachHeader: EachHeader<R>): number {
  let size = 32 + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  eachHeader(record, (name, value) => {
    size += 10 + name.length * 3 + (value?.length ?? 0);
  });
  return size;
}

function bodySize<R extends RecordDraft>(record: R, timestampDelta: number, offsetDelta: number, eachHeader: EachHeader<R>): number {
  let size = 1 + varintSize(timestampDelta) + varintSize(offsetDelta) + bytesSize(record.key) + bytesSize(record.value);
  let headers = 0;
  eachHeader(record, (name, value) => {
    const length = Buffer.byteLength(name);
    size += varintSize(length) + length + bytesSize(value);
    headers += 1;
  });
  return size + varintSize(headers);
}

function writeRecord<R extends RecordDraft>(
  writer: RecordWriter,
  record: R,
  body: number,
  timestampDelta: number,
  offsetDelta: number,
  eachHeader: EachHeader<R>,
): void {
  writer.varint(body);
  writer.byte(0);
  writer.varint(timestampDelta);
  writer.varint(offsetDelta);
  writer.buffer(record.key);
  writer.buffer(record.value);
  let headers = 0;
  eachHeader(record, () => (headers += 1));
  writer.varint(headers);
  if (headers === 0) return;
  eachHeader(record, (name, value) => {
    writer.text(name);
    writer.buffer(value);
  });
}

const bytesSize = (bytes: Buffer | null): number => (bytes === null ? 1 : varintSize(bytes.length) + bytes.length);

class RecordWriter {
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
