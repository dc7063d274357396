import { bitsText, byteaText, decimalText } from './bytes-text.ts';
import { type ConnectSchema, isObject } from './connect-schema.ts';
import { scalarText, textOf, type Writer, wholeOf } from './scalar.ts';
import { dateText, isoText, microsOfMillis, microsOfNanos, nanosText, timestampText, timeText } from './time-text.ts';

const micros: Writer = (value) => timestampText(wholeOf(value));
const millis: Writer = (value) => timestampText(microsOfMillis(wholeOf(value)));
const days: Writer = (value) => dateText(wholeOf(value));
const timeOfMillis: Writer = (value) => timeText(microsOfMillis(wholeOf(value)));

/** What Connect and Debezium call by a name of its own. */
const NAMED: ReadonlyMap<string, Writer> = new Map<string, Writer>([
  ['io.debezium.time.Date', days],
  ['org.apache.kafka.connect.data.Date', days],
  ['io.debezium.time.IsoDate', (value) => isoText(textOf(value).replace(/Z$/, ''))],
  ['io.debezium.time.Time', timeOfMillis],
  ['org.apache.kafka.connect.data.Time', timeOfMillis],
  ['io.debezium.time.MicroTime', (value) => timeText(wholeOf(value))],
  ['io.debezium.time.NanoTime', (value) => timeText(microsOfNanos(wholeOf(value)))],
  ['io.debezium.time.IsoTime', (value) => textOf(value).replace(/Z$/, '')],
  ['io.debezium.time.Timestamp', millis],
  ['org.apache.kafka.connect.data.Timestamp', millis],
  ['io.debezium.time.MicroTimestamp', micros],
  ['io.debezium.time.NanoTimestamp', (value) => nanosText(wholeOf(value))],
  ['io.debezium.time.IsoTimestamp', (value) => isoText(textOf(value).replace(/Z$/, ''))],
  ['io.debezium.time.ZonedTimestamp', (value) => isoText(textOf(value))],
  ['io.debezium.time.MicroDuration', (value) => `${wholeOf(value)} microseconds`],
  ['io.debezium.time.NanoDuration', (value) => `${microsOfNanos(wholeOf(value))} microseconds`],
  ['io.debezium.data.VariableScaleDecimal', variableDecimal],
]);

/** @returns undefined for a schema without such a name */
export function namedWriter({ name = '', parameters = {} }: ConnectSchema): Writer | undefined {
  if (name === 'org.apache.kafka.connect.data.Decimal') {
    const scale = Number(parameters.scale);
    return (value) => (typeof value === 'string' ? decimalText(value, scale) : scalarText(value));
  }
  if (name === 'io.debezium.data.Bits') return (value) => bitsText(textOf(value), Number(parameters.length ?? Number.NaN));
  return NAMED.get(name);
}

function variableDecimal(value: unknown): string {
  if (!isObject(value)) return scalarText(value);
  return decimalText(textOf(value.value), Number(value.scale));
}

/** Bytes of `bytea`: as they are, or in base64. */
export function bytesWriter(value: unknown): string {
  return value instanceof Uint8Array ? bytea(value) : byteaText(textOf(value));
}

export function bytea(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`;
}
