import { type Event, parseExactly, preview, SerdeError } from '../../topics/index.ts';
import { type ConnectSchema, fieldOf, isObject, unwrapSchema } from './connect-schema.ts';
import { isUnavailableValue } from './unavailable-value.ts';

/** Fields by name; those of a typed value, or of a change event as Debezium writes them. */
export type Fields = Readonly<Record<string, unknown>>;

/** What an event means for a table. */
export interface Change {
  /** `undefined`: the row of the key is to be deleted. */
  readonly row: Fields | undefined;
  /** Of the row's fields, where the event brought one. */
  readonly schema: ConnectSchema | undefined;
  /** What names the row: the record's key, or what a delete says of the row that was. */
  readonly key: Fields;
  readonly keySchema: ConnectSchema | undefined;
  /** Position in the source database's log. */
  readonly lsn: bigint | undefined;
}

/** A function of an event: a row; `null` deletes the row of its key; `undefined` passes the event over. */
export type RowOf<K, V> = (value: V, event: Event<K, V>) => Fields | null | undefined;

const UPSERTS = new Set(['c', 'r', 'u']);

/** @returns undefined for what changes no row: truncates, logical messages, tombstones without key, and what `rowOf` passes over */
export function changeOf<K, V>(
  event: Event<K, V>,
  pkFields: readonly string[] | undefined,
  rowOf: RowOf<K, V> | undefined,
): Change | undefined {
  const { schema: keySchema, payload } = unwrapSchema(parsed(event.key, 'key'));
  const key = keyFields(payload, pkFields);
  // Debezium writes a tombstone behind a delete in a table without key too: there is no row that it could be about.
  if (event.value === null && payload === null) return undefined;
  if (event.value === null) return { row: undefined, schema: undefined, key, keySchema, lsn: undefined };
  if (rowOf !== undefined) {
    const row = rowOf(event.value, event);
    return row === undefined ? undefined : { row: row ?? undefined, schema: undefined, key, keySchema, lsn: undefined };
  }
  const value = unwrapSchema(parsed(event.value, 'value'));
  if (value.payload === null) return { row: undefined, schema: undefined, key, keySchema, lsn: undefined };
  if (!isObject(value.payload)) {
    throw new SerdeError('VALIDATION', `value: expected an object with the row's fields, got ${preview(value.payload)}`);
  }
  const own = isEnvelope(value.payload) ? enveloped(value.payload, value.schema) : flat(value.payload, value.schema);
  if (own === undefined) return undefined;
  const { row, schema, before, beforeSchema, lsn } = own;
  const isKeyed = Object.keys(key).length > 0;
  return { row, schema, key: isKeyed ? key : (before ?? {}), keySchema: isKeyed ? keySchema : beforeSchema, lsn };
}

interface Own extends Pick<Change, 'row' | 'schema' | 'lsn'> {
  readonly before?: Fields | undefined;
  readonly beforeSchema?: ConnectSchema | undefined;
}

function isEnvelope(payload: Fields): boolean {
  return typeof payload.op === 'string' && 'after' in payload && 'source' in payload;
}

function enveloped({ op, before, after, source }: Fields, schema: ConnectSchema | undefined): Own | undefined {
  const lsn = lsnOf(isObject(source) ? source.lsn : undefined);
  const beforeSchema = fieldOf(schema, 'before');
  if (op === 'd') return { row: undefined, schema: undefined, lsn, before: isObject(before) ? before : undefined, beforeSchema };
  if (!UPSERTS.has(String(op))) return undefined;
  if (!isObject(after)) throw new SerdeError('VALIDATION', `value: a change "${String(op)}" needs a row in "after", got ${preview(after)}`);
  return { row: available(after), schema: fieldOf(schema, 'after'), lsn };
}

/** A row by itself; `__deleted` and `__lsn` are what Debezium's transform adds when it is asked to. */
function flat(payload: Fields, schema: ConnectSchema | undefined): Own {
  const { __deleted: deleted, ...row } = payload;
  const lsn = lsnOf(payload.__lsn ?? payload.__source_lsn);
  if (deleted === true || deleted === 'true') return { row: undefined, schema: undefined, lsn, before: row, beforeSchema: schema };
  return { row: available(row), schema, lsn };
}

/** Without the fields whose value did not change and is not in the event. */
function available(row: Fields): Fields {
  const absent = Object.keys(row).filter((name) => isUnavailableValue(row[name]));
  if (absent.length === 0) return row;
  return Object.fromEntries(Object.entries(row).filter(([name]) => !absent.includes(name)));
}

function keyFields(payload: unknown, pkFields: readonly string[] | undefined): Fields {
  if (isObject(payload)) return payload;
  const [only, ...others] = pkFields ?? [];
  return payload === null || only === undefined || others.length > 0 ? {} : { [only]: payload };
}

function lsnOf(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  return typeof value === 'string' && /^\d+$/.test(value) ? BigInt(value) : undefined;
}

/** Bytes, where the topic leaves them as they are, are JSON. */
function parsed(value: unknown, part: string): unknown {
  if (!(value instanceof Uint8Array)) return value;
  try {
    return parseExactly(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8'));
  } catch (cause) {
    throw new SerdeError('DECODE', `${part}: not JSON: ${(cause as Error).message}`, { cause });
  }
}
