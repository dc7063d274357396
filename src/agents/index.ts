export { type AgeBand, ageBand } from './age-band.ts';
export {
  type Agent,
  type AgentOptions,
  type AgentSink,
  type AgentSinkFunction,
  type AgentSinkTopic,
  type AgentTable,
  defineAgent,
  isSinkTopic,
  type Order,
  type Sink,
  type SinkFunction,
  type SinkTopic,
} from './agent.ts';
export type { Behaviour, BehaviourRun, BehaviourStats, Delivery, Inbox, OutputHeaders, PollOptions, Scope } from './behaviour.ts';
export { type CsvFileSinkOptions, csvFileSink } from './csv-file-sink.ts';
export { each, type Handler } from './each.ts';
export {
  deadLetter,
  defaultPolicy,
  type ErrorKind,
  type Failure,
  type FailurePolicy,
  type OpenPolicy,
  outageDelay,
  type RetryOptions,
  retry,
  skip,
  stop,
  type Verdict,
  type WaitForOptions,
  waitFor,
  when,
} from './failure/index.ts';
export { filter } from './filter.ts';
export { forward } from './forward.ts';
export { generator } from './generator.ts';
export type { BreakerOptions, BreakerState } from './inference/breaker.ts';
export { inference } from './inference/inference.ts';
export type { BatchOptions, InferenceOptions } from './inference/options.ts';
export type { RateOptions } from './inference/rate.ts';
export type { InferenceStats } from './inference/stats.ts';
export { type PostgresUpsertSinkOptions, postgresUpsert } from './postgres-upsert.ts';
export { regroup } from './regroup.ts';
export type { SinkBatchOptions } from './sink/batch.ts';
export { sink } from './sink/sink.ts';
export type { Stream, StreamFunction } from './stream.ts';
