import type { RecordHeaders } from '../client.ts';
import { addHeader, exactHeaders, isOddName } from '../headers.ts';
import type { RecordCursor } from './fixes/record-decoder.ts';

/** The headers of a record, an object that says all of them where it can. */
export function readHeaders(cursor: RecordCursor, count: number): RecordHeaders {
  const start = cursor.at;
  const headers: RecordHeaders = {};
  let last = '';
  for (let left = count; left > 0; left--) {
    const name = readName(cursor);
    const value = cursor.slice();
    const isLater = name !== last && Object.hasOwn(headers, name);
    if (value === null || isLater || isOddName(name)) {
      cursor.at = start;
      return exactHeaders(readList(cursor, count));
    }
    addHeader(headers, name, value);
    last = name;
  }
  return headers;
}

function readList(cursor: RecordCursor, count: number): Array<[string, Buffer | null]> {
  return Array.from({ length: count }, () => [readName(cursor), cursor.slice()]);
}

function readName(cursor: RecordCursor): string {
  return cursor.slice()?.toString('utf8') ?? '';
}
