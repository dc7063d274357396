// The app, and what it declares
export { type AgentRef, App, type AppCommand, type AppOptions, type AppTopicSpec, type CommandContext, isApp } from './app.ts';
// Topics and serdes
export {
  bytes,
  type Event,
  type HeadersInput,
  type InputOf,
  json,
  type Message,
  number,
  optional,
  type OutputOf,
  partitionOf,
  type SendResult,
  type Serde,
  type SerdeContext,
  SerdeError,
  string,
  type TombstonePolicy,
  type Topic,
  type TopicOptions,
  type TopicPattern,
} from './topics/index.ts';
// Agents
export {
  ageBand,
  type AgeBand,
  type AgentOptions,
  type Behaviour,
  deadLetter,
  each,
  type FailurePolicy,
  filter,
  forward,
  type Handler,
  inference,
  type InferenceOptions,
  type Order,
  retry,
  type RetryOptions,
  skip,
  stop,
  type Stream,
  type StreamFunction,
} from './agents/index.ts';
// Models
export { http, type Model } from './models/index.ts';
// A running worker
export type { AgentStats, StopResult, Worker, WorkerEvents, WorkerState, WorkerStats } from './runtime/index.ts';
export type { KafkaRecord, RecordHeaders, TopicPartition } from './kafka/index.ts';
// Settings
export type { Origin, ResolvedSettings, Settings, SettingsInput } from './config/index.ts';
// Errors
export { ConfigError, describeError, type ErrorCode, isStreamerError, isUnavailable, KafkaError, StreamerError } from './errors.ts';
