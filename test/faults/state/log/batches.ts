import { gunzipSync } from 'node:zlib';

/** A record as it lies in the log, control records included. */
export interface LoggedRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly producerId: number;
  readonly isTransactional: boolean;
  /** What a control record says; absent for others. */
  readonly marker?: 'commit' | 'abort' | 'other';
}

/** A record batch of format 2: https://kafka.apache.org/documentation/#recordbatch. */
const HEAD_BYTES = 61;
const COMPRESSION = 0x07;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const GZIP = 1;

/** Records of whole batches, and the offset behind the last of them; undefined for that when there is no whole batch. */
export function readBatches(bytes: Buffer): { readonly records: LoggedRecord[]; readonly next: number | undefined } {
  const records: LoggedRecord[] = [];
  let next: number | undefined;
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const size = 12 + bytes.readInt32BE(at + 8);
    if (at + size > bytes.length) break;
    const batch = bytes.subarray(at, at + size);
    if (batch.readInt8(16) !== 2) throw new Error(`a batch of format ${batch.readInt8(16)} is not expected here`);
    records.push(...recordsOf(batch));
    next = Number(batch.readBigInt64BE(0)) + batch.readInt32BE(23) + 1;
    at += size;
  }
  return { records, next };
}

function* recordsOf(batch: Buffer): Generator<LoggedRecord> {
  const base = Number(batch.readBigInt64BE(0));
  const attributes = batch.readInt16BE(21);
  const first = Number(batch.readBigInt64BE(27));
  const producerId = Number(batch.readBigInt64BE(43));
  const cursor = new Cursor(plain(batch.subarray(HEAD_BYTES), attributes & COMPRESSION));
  for (let left = batch.readInt32BE(57); left > 0; left--) {
    const length = cursor.varint();
    const end = cursor.at + length;
    cursor.at += 1;
    const timestamp = first + cursor.varint();
    const offset = base + cursor.varint();
    const key = cursor.bytes();
    const value = cursor.bytes();
    const headers = Object.fromEntries(
      Array.from({ length: cursor.varint() }, () => [String(cursor.bytes()), String(cursor.bytes())] as const),
    );
    const isTransactional = (attributes & TRANSACTIONAL) !== 0;
    const marker = (attributes & CONTROL) === 0 ? {} : { marker: markerOf(key) };
    yield { offset, timestamp, key, value, headers, producerId, isTransactional, ...marker };
    cursor.at = end;
  }
}

/** The key of a control record is a version and a kind, of two bytes each. */
function markerOf(key: Buffer | null): 'commit' | 'abort' | 'other' {
  const kind = key === null || key.length < 4 ? -1 : key.readInt16BE(2);
  return kind === 1 ? 'commit' : kind === 0 ? 'abort' : 'other';
}

function plain(bytes: Buffer, compression: number): Buffer {
  if (compression === 0) return bytes;
  if (compression === GZIP) return gunzipSync(bytes);
  throw new Error(`the reader does not read compression ${compression}`);
}

/** Reads zig-zag numbers of seven bits a byte, and what they count. */
class Cursor {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes.readUInt8(this.at++);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  }

  bytes(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const start = this.at;
    this.at += length;
    return this.#bytes.subarray(start, this.at);
  }
}
