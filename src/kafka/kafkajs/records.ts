import type { KafkaMessage } from 'kafkajs';
import type { KafkaRecord, RecordHeaders } from '../client.ts';

const EMPTY = Buffer.alloc(0);
export const NO_HEADERS: RecordHeaders = Object.freeze({});

export function toRecord({ offset, timestamp, key, value, headers }: KafkaMessage): KafkaRecord {
  return {
    offset: Number(offset),
    timestamp: Number(timestamp),
    key,
    value,
    headers: headers === undefined ? NO_HEADERS : toHeaders(headers),
  };
}

/** A header without a value comes as an empty one. */
function toHeaders(headers: Readonly<Record<string, unknown>>): RecordHeaders {
  const names = Object.keys(headers);
  if (names.length === 0) return NO_HEADERS;
  const toBuffer = (value: unknown): Buffer => (Buffer.isBuffer(value) ? value : EMPTY);
  return Object.fromEntries(
    names.map((name) => {
      const value = headers[name];
      return [name, Array.isArray(value) ? value.map(toBuffer) : toBuffer(value)];
    }),
  );
}
