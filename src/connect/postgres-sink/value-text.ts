import { preview, SerdeError, writeJson } from '../../topics/index.ts';
import { arrayText } from './bytes-text.ts';
import type { ColumnKind } from './column-kind.ts';
import { type ConnectSchema, isObject } from './connect-schema.ts';
import { CHANGING, misfit } from './fit.ts';
import { bytea, bytesWriter, namedWriter } from './named-values.ts';
import { scalarText, type Writer } from './scalar.ts';
import { isoText } from './time-text.ts';

/** Turns the values of one field into the text that Postgres reads for its column; `null` stays null. */
export type ValueWriter = (value: unknown) => string | null;

/**
 * @param schema of the field, where the event brought one
 * @throws SerdeError `VALIDATION` from the writer, for a value that does not fit
 */
export function valueWriter(column: ColumnKind, schema: ConnectSchema | undefined): ValueWriter {
  const write = schema === undefined ? untyped(column) : typed(column, schema);
  return (value) => {
    if (value === null || value === undefined) return null;
    try {
      return write(value);
    } catch (cause) {
      const type = column.isArray ? `${column.type}[]` : column.type;
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `column "${column.name}" (${type}) cannot take ${preview(value)}: ${reason}`;
      throw new SerdeError('VALIDATION', message, { cause, path: column.name });
    }
  };
}

const FLOATS = new Set(['float', 'float32', 'double', 'float64']);

/** By the schema that came with the event, for any column, so that Postgres converts or refuses. */
function typed(column: ColumnKind, schema: ConnectSchema): Writer {
  if (schema.type === 'array') return isJson(column) ? json : arrayWriter(column, schema);
  const write = typedScalar(column, schema);
  // A double is one however its digits are written.
  return FLOATS.has(schema.type) ? write : fitting(column, write);
}

function typedScalar(column: ColumnKind, schema: ConnectSchema): Writer {
  if (schema.name === 'io.debezium.data.geometry.Point' && column.type === 'point') return point;
  const named = namedWriter(schema);
  if (named !== undefined) return named;
  if (schema.type === 'bytes') return bytesWriter;
  if (schema.type === 'struct' || schema.type === 'map') return json;
  // Debezium writes `bit(1)` as a boolean.
  if (schema.type === 'boolean' && (column.type === 'bit' || column.type === 'varbit')) return bit;
  return scalarText;
}

/** Refuses what Postgres would change silently. */
function fitting(column: ColumnKind, write: Writer): Writer {
  if (!CHANGING.has(column.type)) return write;
  return (value) => {
    const text = write(value);
    const reason = misfit(column, value, text);
    if (reason !== undefined) throw new RangeError(reason);
    return text;
  };
}

function arrayWriter(column: ColumnKind, { items }: ConnectSchema): Writer {
  const element = elementWriter({ ...column, isArray: false }, items);
  return (value) => arrayText(list(value, element));
}

/** Arrays within arrays are kept as such: their text is the outer array's to write. */
function elementWriter(column: ColumnKind, items: ConnectSchema | undefined): (value: unknown) => unknown {
  if (items?.type !== 'array') return items === undefined ? untyped(column) : typed(column, items);
  const inner = elementWriter(column, items.items);
  return (value) => list(value, inner);
}

function list(value: unknown, element: (value: unknown) => unknown): unknown[] {
  if (!Array.isArray(value)) throw new TypeError('expected an array');
  return value.map((each: unknown) => (each === null ? null : element(each)));
}

const TIMES = new Set(['date', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval']);

/**
 * Without a schema a value is what it looks like. A number for a time may count days, milliseconds or microseconds, and text for
 * bytes may be written in any way: they are refused, not guessed.
 */
function untyped(column: ColumnKind): Writer {
  // Text is JSON already, as change events carry it.
  if (isJson(column)) return (value) => (typeof value === 'string' ? scalarText(value) : json(value));
  if (column.isArray) return untypedArray(column);
  return fitting(column, (value) => untypedScalar(column, value));
}

function untypedScalar({ type }: ColumnKind, value: unknown): string {
  if (value instanceof Uint8Array) return bytea(value);
  if (value instanceof Date) return isoText(value.toISOString());
  if ((typeof value === 'number' || typeof value === 'bigint') && TIMES.has(type))
    throw new TypeError('a number does not say which unit it counts: send a schema, or give `row` a Date or text');
  if (type === 'bytea' && typeof value === 'string' && !value.startsWith('\\x'))
    throw new TypeError('text does not say how it encodes bytes: send a schema, or give `row` a Buffer');
  return type === 'point' && isObject(value) ? point(value) : scalarText(value);
}

function untypedArray(column: ColumnKind): Writer {
  const plain = untyped({ ...column, isArray: false });
  const element = (value: unknown): unknown => (Array.isArray(value) ? list(value, element) : plain(value));
  return (value) => arrayText(list(value, element));
}

function isJson({ type, isArray }: ColumnKind): boolean {
  return !isArray && (type === 'json' || type === 'jsonb');
}

const json: Writer = (value) => writeJson(value, { bigints: true });

const bit: Writer = (value) => {
  if (typeof value !== 'boolean') throw new TypeError('expected a boolean');
  return value ? '1' : '0';
};

const point: Writer = (value) => {
  if (!isObject(value)) throw new TypeError('expected an object with x and y');
  return `(${scalarText(value.x)},${scalarText(value.y)})`;
};
