import { ExactNumber } from '../../topics/index.ts';
import type { ConnectSchema } from './connect-schema.ts';

/** Postgres types for plain Connect types. */
const PLAIN: ReadonlyMap<string, string> = new Map(
  Object.entries({
    int8: 'smallint',
    int16: 'smallint',
    int32: 'integer',
    int64: 'bigint',
    float: 'real',
    float32: 'real',
    double: 'double precision',
    float64: 'double precision',
    boolean: 'boolean',
    string: 'text',
    bytes: 'bytea',
    struct: 'jsonb',
    map: 'jsonb',
  }),
);

/** Postgres types for what Debezium and Connect call by a name of its own; their plain type says how they are written. */
const NAMED: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'io.debezium.data.VariableScaleDecimal': 'numeric',
    'io.debezium.time.Date': 'date',
    'io.debezium.time.IsoDate': 'date',
    'org.apache.kafka.connect.data.Date': 'date',
    'io.debezium.time.Time': 'time',
    'io.debezium.time.MicroTime': 'time',
    'io.debezium.time.NanoTime': 'time',
    'io.debezium.time.IsoTime': 'time',
    'org.apache.kafka.connect.data.Time': 'time',
    'io.debezium.time.ZonedTime': 'timetz',
    'io.debezium.time.Timestamp': 'timestamp',
    'io.debezium.time.MicroTimestamp': 'timestamp',
    'io.debezium.time.NanoTimestamp': 'timestamp',
    'io.debezium.time.IsoTimestamp': 'timestamp',
    'org.apache.kafka.connect.data.Timestamp': 'timestamp',
    'io.debezium.time.ZonedTimestamp': 'timestamptz',
    'io.debezium.time.MicroDuration': 'interval',
    'io.debezium.time.NanoDuration': 'interval',
    'io.debezium.time.Interval': 'interval',
    'io.debezium.data.Json': 'json',
    'io.debezium.data.Uuid': 'uuid',
    'io.debezium.data.Xml': 'xml',
    'io.debezium.data.geometry.Point': 'point',
  }),
);

/**
 * The type of a column that is created for a field of this schema. An enum becomes text: its name is not in the schema. A schema
 * with an unknown name has the type of its plain type.
 */
export function columnTypeOf(schema: ConnectSchema): string {
  if (schema.type === 'array') return schema.items === undefined ? 'jsonb' : arrayOf(columnTypeOf(schema.items));
  if (schema.name === 'org.apache.kafka.connect.data.Decimal') return decimalType(schema.parameters ?? {});
  if (schema.name === 'io.debezium.data.Bits') {
    const length = Number(schema.parameters?.length ?? Number.NaN);
    // Debezium gives the largest integer for bits without a fixed length.
    return length >= 1 && length <= 1_000_000 ? `bit(${length})` : 'bit varying';
  }
  return NAMED.get(schema.name ?? '') ?? PLAIN.get(schema.type) ?? 'text';
}

/** The type of a column for a value without schema. A whole number may be followed by one that is not. */
export function columnTypeOfValue(value: unknown): string | undefined {
  if (typeof value === 'number') return 'double precision';
  if (typeof value === 'bigint') return 'bigint';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string') return 'text';
  if (value instanceof ExactNumber) return 'numeric';
  if (value instanceof Date) return 'timestamptz';
  if (value instanceof Uint8Array) return 'bytea';
  return typeof value === 'object' && value !== null ? 'jsonb' : undefined;
}

/** Postgres' own limit. */
const MOST_SCALE = 1_000;

function arrayOf(type: string): string {
  return type === 'jsonb' ? type : `${type}[]`;
}

function decimalType({ scale, 'connect.decimal.precision': precision }: Readonly<Record<string, string>>): string {
  // Debezium writes a negative scale without its sign, as 2045 for -3.
  if (precision === undefined || scale === undefined || Number(scale) > MOST_SCALE) return 'numeric';
  return `numeric(${Number(precision)},${Number(scale)})`;
}
