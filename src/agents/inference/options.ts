import type { Model } from '../../models/index.ts';
import type { Event } from '../../topics/index.ts';
import type { BreakerOptions } from './breaker.ts';
import type { RateOptions } from './rate.ts';

export interface InferenceOptions<K, V, Row, Answer, Out> {
  /** The model to ask, as `http.rows('http://127.0.0.1:3000/predict')`. */
  readonly model: Model<Row, Answer>;
  /** Returns the row for an event. When it throws, that event alone fails. */
  readonly features: (value: V, event: Event<K, V>) => NoInfer<Row>;
  /** Returns the output for an answer. When it throws, that event alone fails. */
  readonly result: (value: V, answer: NoInfer<Answer>, event: Event<K, V>) => Out;
  readonly batch?: BatchOptions | undefined;
  /** Most calls at once, over all partitions of this agent in this worker. @default 4 */
  readonly inFlight?: number | undefined;
  /** Longest time for one call; after it the model counts as unreachable. @default the model's own `timeoutMs`, else 5_000 */
  readonly timeoutMs?: number | undefined;
  /**
   * Longest time for one event, from its first attempt, over all its calls and retries; after it the event fails for good, and
   * `onError` decides. The time for which the breaker is open does not count. @default none
   */
  readonly deadlineMs?: number | undefined;
  /** Most rows or calls per time, over all partitions of this agent in this worker. @default no limit */
  readonly rate?: RateOptions | undefined;
  /** When the model counts as down, and how often it is asked then. */
  readonly breaker?: BreakerOptions | undefined;
  /**
   * Asks before the first record: a row whose answer is dropped, or with `true` the first event alone, before the others follow.
   * (The protocol's health check runs in any case.) @default false
   */
  readonly warmUp?: boolean | { readonly row: NoInfer<Row> } | undefined;
}

export interface BatchOptions {
  /** Most rows of one call. @default 32 */
  readonly size?: number | undefined;
  /** Most bytes of the rows of one call, written as JSON. A longer row goes alone. @default no limit */
  readonly bytes?: number | undefined;
  /** Longest wait for more rows after the first. @default 5 */
  readonly waitMs?: number | undefined;
}
