import { preview, SerdeError, stringifyExactly } from '../../topics/index.ts';
import { arrayText, bitsText, byteaText, decimalText } from './bytes-text.ts';
import { type ConnectSchema, isObject } from './connect-schema.ts';
import { dateText, isoText, microsOfMillis, nanosText, timestampText, timeText } from './time-text.ts';

/** A column, as far as writing a value for it needs to know it. */
export interface ColumnKind {
  readonly name: string;
  /** Name in `pg_type`, of the element for an array. */
  readonly type: string;
  readonly isArray: boolean;
}

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
      const message = `column "${column.name}" (${type}) cannot take ${preview(value)}: ${(cause as Error).message}`;
      throw new SerdeError('VALIDATION', message, { cause, path: column.name });
    }
  };
}

type Writer = (value: unknown) => string;

const micros: Writer = (value) => timestampText(whole(value));
const millis: Writer = (value) => timestampText(microsOfMillis(whole(value)));

const NAMED: Readonly<Record<string, Writer>> = {
  'io.debezium.time.Date': (value) => dateText(whole(value)),
  'org.apache.kafka.connect.data.Date': (value) => dateText(whole(value)),
  'io.debezium.time.IsoDate': (value) => isoText(string(value).replace(/Z$/, '')),
  'io.debezium.time.Time': (value) => timeText(microsOfMillis(whole(value))),
  'org.apache.kafka.connect.data.Time': (value) => timeText(microsOfMillis(whole(value))),
  'io.debezium.time.MicroTime': (value) => timeText(whole(value)),
  'io.debezium.time.NanoTime': (value) => timeText(whole(value) / 1_000n),
  'io.debezium.time.IsoTime': (value) => string(value).replace(/Z$/, ''),
  'io.debezium.time.Timestamp': millis,
  'org.apache.kafka.connect.data.Timestamp': millis,
  'io.debezium.time.MicroTimestamp': micros,
  'io.debezium.time.NanoTimestamp': (value) => nanosText(whole(value)),
  'io.debezium.time.IsoTimestamp': (value) => isoText(string(value).replace(/Z$/, '')),
  'io.debezium.time.ZonedTimestamp': (value) => isoText(string(value)),
  'io.debezium.time.MicroDuration': (value) => `${whole(value)} microseconds`,
  'io.debezium.time.NanoDuration': (value) => `${whole(value) / 1_000n} microseconds`,
};

/** By the schema that came with the event, whatever the column is, so that Postgres converts or refuses. */
function typed(column: ColumnKind, schema: ConnectSchema): Writer {
  const { name = '', parameters = {} } = schema;
  if (schema.type === 'array') return isJson(column) ? json : arrayWriter(column, schema);
  if (name === 'org.apache.kafka.connect.data.Decimal') {
    const scale = Number(parameters.scale);
    return (value) => (typeof value === 'string' ? decimalText(value, scale) : scalar(value));
  }
  if (name === 'io.debezium.data.VariableScaleDecimal') return variableDecimal;
  if (name === 'io.debezium.data.Bits') return (value) => bitsText(string(value), Number(parameters.length ?? Number.NaN));
  if (name === 'io.debezium.data.geometry.Point' && column.type === 'point') return point;
  if (NAMED[name] !== undefined) return NAMED[name];
  if (schema.type === 'bytes') return (value) => (value instanceof Uint8Array ? bytea(value) : byteaText(string(value)));
  if (schema.type === 'struct' || schema.type === 'map') return json;
  // Debezium writes `bit(1)` so.
  if (schema.type === 'boolean' && (column.type === 'bit' || column.type === 'varbit')) return (value) => (value === true ? '1' : '0');
  return scalar;
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
  if (isJson(column)) return (value) => (typeof value === 'string' ? value : json(value));
  if (column.isArray) return untypedArray(column);
  return (value) => {
    if (value instanceof Uint8Array) return bytea(value);
    if (value instanceof Date) return value.toISOString();
    if (typeof value === 'number' || typeof value === 'bigint') {
      if (TIMES.has(column.type))
        throw new TypeError('a number does not say which unit it counts: send a schema, or give `row` a Date or text');
    }
    if (column.type === 'bytea' && typeof value === 'string' && !value.startsWith('\\x')) {
      throw new TypeError('text does not say how it encodes bytes: send a schema, or give `row` a Buffer');
    }
    if (column.type === 'point' && isObject(value)) return point(value);
    return scalar(value);
  };
}

function untypedArray(column: ColumnKind): Writer {
  const plain = untyped({ ...column, isArray: false });
  const element = (value: unknown): unknown => (Array.isArray(value) ? list(value, element) : plain(value));
  return (value) => arrayText(list(value, element));
}

function isJson({ type, isArray }: ColumnKind): boolean {
  return !isArray && (type === 'json' || type === 'jsonb');
}

const scalar: Writer = (value) => {
  if (typeof value === 'string') {
    if (value.includes('\u0000')) throw new RangeError('Postgres keeps no text with a zero character');
    return value;
  }
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  throw new TypeError('expected text, a number or a boolean');
};

const json: Writer = (value) => stringifyExactly(value) ?? 'null';

const point: Writer = (value) => {
  const { x, y } = value as { x?: unknown; y?: unknown };
  return `(${scalar(x)},${scalar(y)})`;
};

const variableDecimal: Writer = (value) => {
  if (!isObject(value)) return scalar(value);
  return decimalText(string(value.value), Number(value.scale));
};

function bytea(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`;
}

function whole(value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  throw new TypeError('expected a whole number');
}

function string(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('expected text');
  return value;
}
