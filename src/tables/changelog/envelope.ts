/**
 * The value of a changelog record, format 1: one byte 0x01, the time of the event that wrote the entry (milliseconds since
 * 1970, as an unsigned LEB128 number), then the bytes of the table's value serde. The record's key is the table's key; a
 * record without value deletes the entry.
 */
const FORMAT = 1;

export interface ChangelogValue {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly value: Buffer;
}

export function encodeChangelogValue({ timestamp, value }: ChangelogValue): Buffer {
  const time = Math.max(0, Math.trunc(timestamp));
  const length = lengthOf(time);
  const bytes = Buffer.allocUnsafe(1 + length + value.length);
  bytes[0] = FORMAT;
  let rest = time;
  for (let at = 1; at < length; at++, rest = Math.floor(rest / 128)) bytes[at] = (rest % 128) | 0x80;
  bytes[length] = rest;
  value.copy(bytes, 1 + length);
  return bytes;
}

/** @throws RangeError for another format, and for bytes that are cut off */
export function decodeChangelogValue(bytes: Buffer): ChangelogValue {
  if (bytes[0] !== FORMAT) throw new RangeError(`a changelog value of format ${bytes[0] ?? 'none'} cannot be read`);
  let timestamp = 0;
  let scale = 1;
  for (let at = 1; at < bytes.length; at++, scale *= 128) {
    const byte = bytes[at] ?? 0;
    timestamp += (byte & 0x7f) * scale;
    if (byte < 0x80 && Number.isSafeInteger(timestamp)) return { timestamp, value: bytes.subarray(at + 1) };
    if (at > 8) break;
  }
  throw new RangeError('a changelog value is cut off within its time');
}

function lengthOf(time: number): number {
  let length = 1;
  for (let rest = time; rest >= 128; rest = Math.floor(rest / 128)) length++;
  return length;
}
