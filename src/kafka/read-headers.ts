import type { RecordCursor } from '../wire/record-cursor.ts';
import type { RecordHeaders } from './client.ts';
import { addHeader, exactHeaders, isOddName } from './headers.ts';

const NO_HEADERS: RecordHeaders = Object.freeze({});

/** The headers of a record, as an object where it can say all of them. */
export function readHeaders(cursor: RecordCursor, count: number): RecordHeaders {
  if (count <= 0) return NO_HEADERS;
  const start = cursor.at;
  const headers: RecordHeaders = {};
  let last = '';
  for (let left = count; left > 0; left--) {
    const name = cursor.text();
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
  return Array.from({ length: count }, () => [cursor.text(), cursor.slice()]);
}
