import type { Model } from '../../models/index.ts';
import type { Event } from '../../topics/index.ts';
import type { Behaviour } from '../behaviour.ts';
import type { BreakerOptions } from './breaker.ts';
import { ModelCalls } from './model-calls.ts';
import { PartitionRun } from './partition-run.ts';
import { planOf } from './plan.ts';
import type { RateOptions } from './rate.ts';

export interface InferenceOptions<K, V, Row, Answer, Out> {
  /** What is asked, as `http.rows('http://127.0.0.1:3000/predict')`. */
  readonly model: Model<Row, Answer>;
  /** What the model is asked about an event: one row. A throw fails that event alone. */
  readonly features: (value: V, event: Event<K, V>) => NoInfer<Row>;
  /** What is published: one output per answer. A throw fails that event alone. */
  readonly result: (value: V, answer: NoInfer<Answer>, event: Event<K, V>) => Out;
  readonly batch?: BatchOptions | undefined;
  /** Most calls at once, over all partitions of this agent in this worker. @default 4 */
  readonly inFlight?: number | undefined;
  /** Longest time for one call; past it the model counts as unreachable. @default the model's own `timeoutMs`, else 5_000 */
  readonly timeoutMs?: number | undefined;
  /**
   * Longest time for one event, from its first try, over all its calls and retries; past it the event fails for good, and
   * `onError` decides. The time for which the breaker is open does not count. @default none
   */
  readonly deadlineMs?: number | undefined;
  /** Most rows or calls per time, over all partitions of this agent in this worker. @default no limit */
  readonly rate?: RateOptions | undefined;
  /** When the model counts as down, and how often it is asked then. */
  readonly breaker?: BreakerOptions | undefined;
  /**
   * Asks before the first record: a row whose answer is dropped, or with `true` the first event alone, before the others follow.
   * (A protocol's health is asked in any case.) @default false
   */
  readonly warmUp?: boolean | { readonly row: NoInfer<Row> } | undefined;
}

export interface BatchOptions {
  /** Most rows of one call. @default 32 */
  readonly size?: number | undefined;
  /** Most bytes of the rows of one call, written as JSON. A row that is longer goes alone. @default no limit */
  readonly bytes?: number | undefined;
  /** Longest wait for more rows after the first. @default 5 */
  readonly waitMs?: number | undefined;
}

/**
 * Asks a model about every event and publishes what it answers.
 *
 * Collects up to `batch.size` events of a partition, or those that come within `batch.waitMs` of the first, and asks with at
 * most `inFlight` calls at once. Answers are matched by position; several events of one key may be in one batch, their
 * outputs keep their order.
 *
 * - The model cannot be reached (connection, time-out, 429, 502, 503, 504): the events are given back, no attempt is counted,
 *   and after a short wait they are asked again. After `breaker.failures` such calls in a row nothing is asked but probes (the
 *   protocol's health, then one event alone), with growing waits; the worker says `waiting`, and `resumed` when one succeeds.
 * - It refuses a batch (4xx), answers 500 three times, or twice something unfitting (wrong count, not JSON): the rows that the
 *   refusal names are asked alone, or the batch in halves, down to the event that is to blame. That one fails, and `onError`
 *   decides; later it is asked alone. The others are published.
 * - Its answer for a row is not a number, or does not fit: that event fails, the others are published.
 * - The partition is lost: calls are cancelled, nothing more is published.
 */
export function inference<K, V, Row, Answer, Out>(options: InferenceOptions<K, V, Row, Answer, Out>): Behaviour<K, V, Out> {
  const plan = planOf(options);
  const { features, result } = options;
  const calls = new ModelCalls(plan);
  return {
    name: 'inference',
    unit: 'key',
    capacity: plan.size * plan.inFlight,
    start: () => calls.start(),
    stop: () => calls.stop(),
    stats: () => ({ inference: calls.stats() }),
    open: (inbox) => new PartitionRun(inbox, { ...plan, features, result }, calls),
  };
}
