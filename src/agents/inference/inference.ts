import type { Behaviour } from '../behaviour.ts';
import { ModelCalls } from './model-calls.ts';
import type { InferenceOptions } from './options.ts';
import { PartitionRun } from './partition-run.ts';
import { planOf } from './plan.ts';

/**
 * Asks a model about every event and publishes its answers.
 *
 * Collects up to `batch.size` events of a partition, or those that come within `batch.waitMs` of the first, and makes at most
 * `inFlight` calls at once. Answers are matched by position; several events of one key may be in one batch, their
 * outputs keep their order.
 *
 * - The model cannot be reached (connection, time-out, 429, 502, 503, 504): the events are given back, no attempt counts,
 *   and after a short wait they are asked again. After `breaker.failures` such calls in a row only probes go out (the
 *   protocol's health, then one event alone), with growing waits; the worker emits `waiting`, and `resumed` when one succeeds.
 * - It refuses a batch (4xx), answers 500 three times, or twice with an answer that does not fit (wrong count, not JSON): the rows
 *   that the refusal names are asked alone, or the batch in halves, down to the event at fault. That one fails, and `onError`
 *   decides; later it is asked alone. The others are published.
 * - Its answer for a row is not a number, or does not fit: that event fails, the others are published.
 * - The partition is lost: calls are cancelled, and nothing more is published.
 */
export function inference<K, V, Row, Answer, Out>(options: InferenceOptions<K, V, Row, Answer, Out>): Behaviour<K, V, Out> {
  const plan = planOf(options);
  const { features, result } = options;
  const calls = new ModelCalls(plan);
  return {
    name: 'inference',
    unit: 'key',
    capacity: plan.size * plan.inFlight,
    start: (agent, telemetry) => calls.start(agent, telemetry),
    stop: () => calls.stop(),
    stats: () => ({ inference: calls.stats() }),
    open: (inbox) => new PartitionRun(inbox, { ...plan, features, result }, calls),
  };
}
