import type { BatchContext, FetchedRecord } from './fetch-call.ts';

/**
 * One record of a batch. Its numbers are exact up to 2 ** 53, which no offset and no time of this world reaches.
 * https://kafka.apache.org/documentation/#record
 */
export function decodeRecord(
  cursor: RecordCursor,
  base: { readonly offset: number; readonly timestamp: number },
  batchContext: BatchContext,
): FetchedRecord {
  const end = cursor.varint() + cursor.at;
  if (end > cursor.bytes.length) throw new Error(`a record of the batch at offset ${batchContext.firstOffset} is cut off`);
  const attributes = cursor.bytes.readInt8(cursor.at++);
  const timestampDelta = cursor.varint();
  const offsetDelta = cursor.varint();
  const key = cursor.slice();
  const value = cursor.slice();
  const headers = decodeHeaders(cursor, cursor.varint());
  cursor.at = end;
  return {
    magicByte: batchContext.magicByte,
    attributes,
    timestamp: batchContext.timestampType === 1 ? batchContext.maxTimestamp : String(base.timestamp + timestampDelta),
    offset: String(base.offset + offsetDelta),
    key,
    value,
    headers,
    isControlRecord: batchContext.isControlBatch,
    batchContext,
  };
}

function decodeHeaders(cursor: RecordCursor, count: number): FetchedRecord['headers'] {
  const headers: FetchedRecord['headers'] = {};
  for (let left = count; left > 0; left--) {
    const name = cursor.slice()?.toString('utf8') ?? '';
    const value = cursor.slice();
    const known = Object.hasOwn(headers, name) ? headers[name] : undefined;
    const all = known === undefined ? value : Array.isArray(known) ? [...known, value] : [known, value];
    // A header may be called "__proto__".
    if (name === '__proto__') Object.defineProperty(headers, name, { value: all, enumerable: true, writable: true, configurable: true });
    else headers[name] = all;
  }
  return headers;
}

export class RecordCursor {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** A signed number in zigzag, seven bits a byte, lowest first. */
  varint(): number {
    const { bytes } = this;
    let byte = bytes[this.at++] ?? 0;
    // Most numbers of a record take one byte or two.
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 0x7f;
    for (let factor = 0x80; byte & 0x80; factor *= 0x80) {
      byte = bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * factor;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  slice(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const start = this.at;
    this.at += length;
    return this.bytes.subarray(start, this.at);
  }
}
