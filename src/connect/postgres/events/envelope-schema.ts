import { type ConnectSchema, field, logical, optionalOf, schemaOf, structOf } from '../../connect-data/schema.ts';

const string = schemaOf('string');
const int64 = schemaOf('int64');
const optionalString = schemaOf('string', { optional: true });
const optionalInt64 = schemaOf('int64', { optional: true });

const SNAPSHOT = logical('string', 'io.debezium.data.Enum', {
  optional: true,
  parameters: { allowed: 'true,first,first_in_data_collection,last_in_data_collection,last,false,incremental' },
  default: 'false',
});

const sourceSchema = structOf(
  'io.debezium.connector.postgresql.Source',
  [
    field('version', string),
    field('connector', string),
    field('name', string),
    field('ts_ms', int64),
    field('snapshot', SNAPSHOT),
    field('db', string),
    field('sequence', optionalString),
    field('ts_us', optionalInt64),
    field('ts_ns', optionalInt64),
    field('schema', string),
    field('table', string),
    field('txId', optionalInt64),
    field('lsn', optionalInt64),
    field('xmin', optionalInt64),
    field('origin', optionalString),
    field('origin_lsn', optionalInt64),
  ],
  { version: 1 },
);

const transactionSchema = structOf(
  'event.block',
  [field('id', string), field('total_order', int64), field('data_collection_order', int64)],
  { optional: true, version: 1 },
);

export function envelopeSchema(name: string, row: ConnectSchema): ConnectSchema {
  const fields = [
    field('before', row),
    field('after', row),
    field('source', sourceSchema),
    field('transaction', transactionSchema),
    field('op', string),
    field('ts_ms', optionalInt64),
    field('ts_us', optionalInt64),
    field('ts_ns', optionalInt64),
  ];
  return structOf(`${name}.Envelope`, fields, { version: 2 });
}

export const messageKeySchema = structOf('io.debezium.connector.postgresql.MessageKey', [field('prefix', optionalString)], { version: 1 });

/** @param content the schema of bytes, under `binary.handling.mode` */
export function messageSchema(content: ConnectSchema): ConnectSchema {
  const message = structOf(
    'io.debezium.connector.postgresql.Message',
    [field('prefix', optionalString), field('content', optionalOf(content))],
    { version: 1 },
  );
  const fields = [
    field('op', string),
    field('ts_ms', optionalInt64),
    field('source', sourceSchema),
    field('transaction', transactionSchema),
    field('message', message),
  ];
  return structOf('io.debezium.connector.postgresql.MessageValue', fields, { version: 1 });
}
