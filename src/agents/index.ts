export { type AgeBand, ageBand } from './age-band.ts';
export {
  type Agent,
  type AgentOptions,
  defineAgent,
  type Order,
  type Sink,
  type SinkFunction,
  type SinkTopic,
} from './agent.ts';
export type { Behaviour, BehaviourRun, Delivery, Inbox, PollOptions, Scope } from './behaviour.ts';
export { each, type Handler } from './each.ts';
export {
  backoff,
  deadLetter,
  defaultPolicy,
  type ErrorKind,
  type Failure,
  type FailurePolicy,
  type OpenPolicy,
  type RetryOptions,
  retry,
  skip,
  stop,
  type Verdict,
  when,
} from './failure-policy.ts';
export { filter } from './filter.ts';
export { forward } from './forward.ts';
export { generator } from './generator.ts';
export { type InferenceOptions, inference } from './inference.ts';
export type { Stream, StreamFunction } from './stream.ts';
