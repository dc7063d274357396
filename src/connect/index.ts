// Files.
export { type CsvOptions, type CsvProblem, type CsvRow, readCsv } from './csv.ts';
// Sinks
export type { Fields, RowOf } from './postgres-sink/change.ts';
export { type PostgresUpsertOptions, postgresWriter } from './postgres-sink/index.ts';
export type { SinkWriter, WriteOutcome } from './sink-writer.ts';
