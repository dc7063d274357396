import type { ConnectSchema, ConnectType, ConnectValue } from '../schema.ts';
import type { AvroDefinition } from './avro-json.ts';

/** Connect's names for Avro's logical types, for schemas that Connect has not written. */
const LOGICAL = new Map([
  ['decimal', 'org.apache.kafka.connect.data.Decimal'],
  ['date', 'org.apache.kafka.connect.data.Date'],
  ['time-millis', 'org.apache.kafka.connect.data.Time'],
  ['timestamp-millis', 'org.apache.kafka.connect.data.Timestamp'],
]);

/** Adds to a Connect schema what an Avro schema says in properties: Connect's own, or Avro's logical type. */
export function described(avro: AvroDefinition, schema: ConnectSchema): ConnectSchema {
  const name = avro['connect.name'] ?? LOGICAL.get(avro.logicalType ?? '');
  const parameters = avro['connect.parameters'] ?? decimalParameters(avro);
  const given = avro['connect.default'];
  return {
    ...schema,
    name,
    version: avro['connect.version'] ?? (name !== undefined && avro['connect.name'] === undefined ? 1 : undefined),
    doc: avro['connect.doc'],
    parameters,
    default: given === undefined ? undefined : defaultFrom(schema.type, given),
  };
}

function decimalParameters({ logicalType, scale = 0, precision }: AvroDefinition): Readonly<Record<string, string>> | undefined {
  if (logicalType !== 'decimal') return undefined;
  return { scale: String(scale), ...(precision === undefined ? {} : { 'connect.decimal.precision': String(precision) }) };
}

function defaultFrom(type: ConnectType, given: unknown): ConnectValue | undefined {
  if (type === 'bytes') return typeof given === 'string' ? Buffer.from(given, 'latin1') : undefined;
  return typeof given === 'string' || typeof given === 'number' || typeof given === 'bigint' || typeof given === 'boolean'
    ? given
    : undefined;
}
