import { isUtf8 } from 'node:buffer';
import { type Event, parseExactly, preview, SerdeError } from '../../topics/index.ts';
import { type ConnectSchema, fieldOf, isObject, unwrapSchema } from './connect-schema.ts';
import { hasEnvelopeNames, isWholeEnvelope } from './envelope.ts';
import { type Position, positionOf, rowPosition } from './position.ts';
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
  readonly position: Position | undefined;
  /** The value has a field `__deleted`, which was taken for the mark of Debezium's transform. */
  readonly hasMark: boolean;
}

/** A function of an event: a row; `null` deletes the row of its key; `undefined` passes the event over. */
export type RowOf<K, V> = (value: V, event: Event<K, V>) => Fields | null | undefined;

/** How events are read. */
export interface ChangeRules<K, V> {
  readonly pkFields: readonly string[] | undefined;
  readonly row: RowOf<K, V> | undefined;
  readonly values: 'rows' | 'changes' | undefined;
  /** A field `__deleted` is a mark, not a column. */
  readonly marks: boolean;
}

/** Create, read (by a snapshot), update. */
const UPSERTS = new Set(['c', 'r', 'u']);
const MARK = '__deleted';

/** @returns undefined for what changes no row: truncates, logical messages, tombstones without key, and what `row` passes over */
export function changeOf<K, V>(event: Event<K, V>, rules: ChangeRules<K, V>): Change | undefined {
  const { schema: keySchema, payload } = unwrapSchema(parsed(event.key, 'key'));
  const key = keyFields(payload, rules.pkFields);
  // Debezium writes a tombstone behind a delete in a table without key too: there is no row that it could be about.
  if (event.value === null && payload === null) return undefined;
  if (event.value === null) return keyed(undefined, key, keySchema);
  if (rules.row !== undefined) {
    const row = rules.row(event.value, event);
    return row === undefined ? undefined : keyed(row ?? undefined, key, keySchema);
  }
  const value = unwrapSchema(parsed(event.value, 'value'));
  if (value.payload === null) return keyed(undefined, key, keySchema);
  if (!isObject(value.payload)) {
    throw new SerdeError('VALIDATION', `value: expected an object with the row's fields, got ${preview(value.payload)}`);
  }
  const isChange = rules.values === undefined ? isWholeEnvelope(value.payload, value.schema) : rules.values === 'changes';
  const read = isChange ? enveloped(value.payload, value.schema, event.topic) : flat(value.payload, value.schema, event.topic, rules.marks);
  if (read === undefined) return undefined;
  const { row, schema, position, hasMark, before = {}, beforeSchema } = read;
  // Field by field: copies of objects would be half of the time that an event takes.
  if (Object.keys(key).length > 0) return { row, schema, position, hasMark, key, keySchema };
  return { row, schema, position, hasMark, key: before, keySchema: beforeSchema };
}

function keyed(row: Fields | undefined, key: Fields, keySchema: ConnectSchema | undefined): Change {
  return { row, schema: undefined, key, keySchema, position: undefined, hasMark: false };
}

interface Read extends Omit<Change, 'key' | 'keySchema'> {
  readonly before?: Fields | undefined;
  readonly beforeSchema?: ConnectSchema | undefined;
}

function enveloped(payload: Fields, schema: ConnectSchema | undefined, topic: string): Read | undefined {
  if (!hasEnvelopeNames(payload)) {
    const message = `value: expected a change event with before, after, source and op, got ${preview(payload)}`;
    throw new SerdeError('VALIDATION', message, { next: "For rows by themselves, set values: 'rows'." });
  }
  const { op, before, after, source } = payload;
  const position = positionOf(source, topic);
  const beforeSchema = fieldOf(schema, 'before');
  if (op === 'd')
    return { row: undefined, schema: undefined, position, hasMark: false, before: isObject(before) ? before : undefined, beforeSchema };
  if (!UPSERTS.has(String(op))) return undefined;
  if (!isObject(after)) throw new SerdeError('VALIDATION', `value: a change "${String(op)}" needs a row in "after", got ${preview(after)}`);
  return { row: available(after), schema: fieldOf(schema, 'after'), position, hasMark: false };
}

/** A row by itself; `__deleted` and `__lsn` are what Debezium's transform adds when it is asked to. */
function flat(payload: Fields, schema: ConnectSchema | undefined, topic: string, marks: boolean): Read {
  const position = rowPosition(payload, topic);
  if (!marks || !Object.hasOwn(payload, MARK)) return { row: available(payload), schema, position, hasMark: false };
  const { [MARK]: deleted, ...row } = payload;
  if (deleted === true || deleted === 'true')
    return { row: undefined, schema: undefined, position, hasMark: true, before: row, beforeSchema: schema };
  return { row: available(row), schema, position, hasMark: true };
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

/** Bytes, where the topic leaves them as they are, are JSON. */
function parsed(value: unknown, part: string): unknown {
  if (!(value instanceof Uint8Array)) return value;
  if (!isUtf8(value)) throw new SerdeError('DECODE', `${part}: not valid UTF-8: ${preview(value)}`);
  try {
    return parseExactly(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8'));
  } catch (cause) {
    throw new SerdeError('DECODE', `${part}: not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
