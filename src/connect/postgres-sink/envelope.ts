import { type ConnectSchema, isObject, own } from './connect-schema.ts';

type Fields = Readonly<Record<string, unknown>>;

/** All fields that a change event of Debezium has. */
const NAMES = new Set(['before', 'after', 'source', 'transaction', 'op', 'ts_ms', 'ts_us', 'ts_ns']);
/** Create, read, update, delete, truncate, message. */
const OPERATIONS: ReadonlySet<unknown> = new Set(['c', 'r', 'u', 'd', 't', 'm']);

export function hasEnvelopeNames(payload: Fields): boolean {
  return typeof own(payload, 'op') === 'string' && Object.hasOwn(payload, 'after') && Object.hasOwn(payload, 'source');
}

/**
 * Has the value the whole form of a change event, and nothing else? The names of some columns do not make one: a row has a column
 * besides, or its `source` does not describe a connector. Where the value has a schema, it must be that of an envelope too.
 */
export function isWholeEnvelope(payload: Fields, schema: ConnectSchema | undefined): boolean {
  if (!hasEnvelopeNames(payload) || !OPERATIONS.has(payload.op) || Object.keys(payload).some((name) => !NAMES.has(name))) return false;
  if (!isRowOrNull(own(payload, 'before')) || !isRowOrNull(payload.after) || !isSource(payload.source)) return false;
  return schema === undefined || schema.name?.endsWith('.Envelope') === true;
}

function isRowOrNull(value: unknown): boolean {
  return value === undefined || value === null || isObject(value);
}

/** Every connector names the database, or itself. */
function isSource(value: unknown): boolean {
  return isObject(value) && (typeof own(value, 'db') === 'string' || typeof own(value, 'connector') === 'string');
}
