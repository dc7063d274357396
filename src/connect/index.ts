// Files.

// Kafka Connect's data and its bytes.
export { type AvroConverterOptions, avroConverter } from './connect-data/avro/avro-converter.ts';
export { type ConnectAvroOptions, connectAvro } from './connect-data/avro/connect-avro.ts';
export { type Converter, type JsonConverterOptions, jsonConverter } from './connect-data/converter.ts';
export type { ConnectField, ConnectSchema, ConnectType, ConnectValue } from './connect-data/schema.ts';
export type { CsvOptions } from './csv/options.ts';
export { type CsvProblem, type CsvRow, readCsv } from './csv/read.ts';
export { utf8Lines } from './csv/utf8-lines.ts';
export { type SendCsvOptions, type SendCsvResult, sendCsv } from './csv-file/send.ts';
export { type CsvFileOptions, csvFile } from './csv-file/source.ts';
export { type CsvFileWriterOptions, csvFileWriter } from './csv-file/writer.ts';
// PostgreSQL, as a source.
export {
  type ChangesCheck,
  type ChangesStatus,
  type Continuation,
  type Finding,
  type Operation,
  type PostgresChanges,
  type PostgresChangesOptions,
  postgresChanges,
  type SlotStatus,
  type UnwrapOptions,
} from './postgres/index.ts';
// Sinks
export type { Fields, RowOf } from './postgres-sink/change.ts';
export { type PostgresUpsertOptions, postgresWriter } from './postgres-sink/index.ts';
export type { SinkWriter, WriteOutcome } from './sink-writer.ts';
// The contract of sources.
export type { Source, SourceContext, SourcePhase, SourceRecord, SourceState, WrittenRecord } from './source.ts';
