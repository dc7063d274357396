// The app, and what it declares

// Agents
export {
  type AgentOptions,
  type Behaviour,
  type CsvFileSinkOptions,
  csvFileSink,
  deadLetter,
  type ErrorKind,
  each,
  type FailurePolicy,
  filter,
  forward,
  type Handler,
  type InferenceOptions,
  type InferenceStats,
  inference,
  type OpenPolicy,
  type Order,
  type PostgresUpsertSinkOptions,
  postgresUpsert,
  type RetryOptions,
  retry,
  type SinkBatchOptions,
  type Stream,
  type StreamFunction,
  sink,
  skip,
  stop,
  waitFor,
  when,
} from './agents/index.ts';
export type { AppCommand, CommandContext, InDev } from './app/command.ts';
export { App, type AppOptions, isApp } from './app.ts';
// Settings
export type { Config, Origin, ResolvedSettings, Settings, SettingsInput } from './config/index.ts';
// Sources
export type { Source, SourceContext, SourceRecord, SourceState } from './connect/index.ts';
// Errors
export { ConfigError, describeError, type ErrorCode, isStreamerError, KafkaError, StreamerError } from './errors.ts';
export type { KafkaRecord, RecordHeaders, TopicPartition } from './kafka/index.ts';
// Models
export type { Model } from './models/index.ts';
export { http } from './models/protocols/index.ts';
export { isUnavailable, unavailable } from './outage.ts';
// A running worker
export type {
  AgentRef,
  AgentStats,
  AppTopicSpec,
  SourceStats,
  StopResult,
  Worker,
  WorkerEvents,
  WorkerState,
  WorkerStats,
} from './runtime/index.ts';
// Tables
export type {
  EntriesOptions,
  OrderedTable,
  RangeOptions,
  ShardedTable,
  StateKeyedBy,
  Table,
  TableOptions,
  TableView,
  View,
} from './tables/index.ts';
// Topics and serdes
export {
  type AvroConfluentOptions,
  type AvroInput,
  type AvroOptions,
  type AvroOutput,
  type AvroSchema,
  avro,
  bytes,
  type Event,
  ExactNumber,
  exactJson,
  float32,
  float64,
  type GroupOptions,
  type HeadersInput,
  type InputOf,
  int16,
  int32,
  int64,
  type JsonConfluentOptions,
  json,
  type Message,
  number,
  type OutputOf,
  optional,
  partitionOf,
  type RegisteredSchema,
  type RegistryOptions,
  type Regrouped,
  type SchemaCheck,
  type SendResult,
  type Serde,
  type SerdeContext,
  SerdeError,
  type SubjectStrategy,
  string,
  type TombstonePolicy,
  type Topic,
  type TopicOptions,
  type TopicPattern,
  uuid,
} from './topics/index.ts';
