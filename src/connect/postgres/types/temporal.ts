import { type ConnectSchema, type ConnectValue, logical } from '../../connect-data/schema.ts';
import type { FieldType, TypeOptions } from './field-type.ts';
import { epochMicros, epochMillis, epochNanos, type Instant, isoDate, isoTime, offsetMicros, parseInstant, timeMicros } from './instant.ts';

type Mode = TypeOptions['times'];

const DAY_MICROS = 86_400_000_000;
/** Debezium's values for infinite dates and timestamps: the JDBC driver's constants, where they fit. */
const LAST_DAY = 2_146_033_979;
const FIRST_DAY = -2_147_472_691;
const LAST_MICROS = 9_223_372_036_854_775_807n;
const FIRST_MICROS = -9_223_372_036_854_775_808n;

function type(schema: ConnectSchema, convert: (text: string) => ConnectValue, zero: ConnectValue): FieldType {
  return { schema, convert, zero, unchanged: zero };
}

export function date(mode: Mode): FieldType {
  const days = (text: string) => (text === 'infinity' ? LAST_DAY : text === '-infinity' ? FIRST_DAY : parseInstant(text).days);
  if (mode === 'isostring') return type(logical('string', 'io.debezium.time.IsoDate'), (text) => `${isoDate(days(text))}Z`, '1970-01-01Z');
  return type(logical('int32', mode === 'connect' ? 'org.apache.kafka.connect.data.Date' : 'io.debezium.time.Date'), days, 0);
}

/** @param precision digits of the seconds, 6 where none is given */
export function time(mode: Mode, precision: number): FieldType {
  const millis = (text: string) => Math.floor(timeMicros(text) / 1000);
  if (mode === 'isostring') {
    const iso = (text: string) => `${isoTime(timeMicros(text) % DAY_MICROS)}Z`;
    return type(logical('string', 'io.debezium.time.IsoTime'), iso, '00:00:00Z');
  }
  if (mode === 'connect') return type(logical('int32', 'org.apache.kafka.connect.data.Time'), millis, 0);
  if (mode === 'nanoseconds') return type(logical('int64', 'io.debezium.time.NanoTime'), (text) => timeMicros(text) * 1000, 0);
  if (mode === 'adaptive' && precision <= 3) return type(logical('int32', 'io.debezium.time.Time'), millis, 0);
  return type(logical('int64', 'io.debezium.time.MicroTime'), timeMicros, 0);
}

export function timestamp(mode: Mode, precision: number): FieldType {
  const of = (convert: (instant: Instant) => ConnectValue, last: ConnectValue, first: ConnectValue) => (text: string) =>
    text === 'infinity' ? last : text === '-infinity' ? first : convert(parseInstant(text));
  const millis = of(epochMillis, 9_223_372_036_825_200_000n, -9_223_372_036_832_400_000n);
  if (mode === 'isostring') {
    const iso = of(
      (instant) => `${isoDate(instant.days)}T${isoTime(instant.micros)}Z`,
      '+292278994-08-16T23:00:00Z',
      '-292275055-05-16T23:00:00Z',
    );
    return type(logical('string', 'io.debezium.time.IsoTimestamp'), iso, '1970-01-01T00:00:00Z');
  }
  if (mode === 'connect') return type(logical('int64', 'org.apache.kafka.connect.data.Timestamp'), millis, 0);
  if (mode === 'nanoseconds') return type(logical('int64', 'io.debezium.time.NanoTimestamp'), of(epochNanos, LAST_MICROS, FIRST_MICROS), 0);
  if (precision <= 3 && mode !== 'microseconds') return type(logical('int64', 'io.debezium.time.Timestamp'), millis, 0);
  return type(logical('int64', 'io.debezium.time.MicroTimestamp'), of(epochMicros, LAST_MICROS, FIRST_MICROS), 0);
}

export function timestampWithZone(precision: number): FieldType {
  const width = precision > 0 ? precision : undefined;
  const convert = (text: string) => {
    if (text === 'infinity' || text === '-infinity') return text;
    const { days, micros } = parseInstant(text);
    return `${isoDate(days)}T${isoTime(micros, width)}Z`;
  };
  return type(logical('string', 'io.debezium.time.ZonedTimestamp'), convert, '1970-01-01T00:00:00Z');
}

/** In UTC, wrapped at midnight. */
export const timeWithZone: FieldType = type(
  logical('string', 'io.debezium.time.ZonedTime'),
  (text) => {
    const [, clock = '', offset = '+00'] = /^([\d:.]+)([+-][\d:]+)$/.exec(text) ?? [];
    const micros = timeMicros(clock) - offsetMicros(offset);
    if (timeMicros(clock) === DAY_MICROS && micros === DAY_MICROS) return '24:00:00Z';
    return `${isoTime(((micros % DAY_MICROS) + DAY_MICROS) % DAY_MICROS)}Z`;
  },
  '00:00:00Z',
);
