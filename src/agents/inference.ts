import PQueue from 'p-queue';
import { ConfigError } from '../errors.ts';
import type { Model } from '../models/index.ts';
import type { Event } from '../topics/index.ts';
import type { Behaviour } from './behaviour.ts';
import { InferenceRun } from './inference-run.ts';

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
  /** Longest time for one call; past it the model counts as unreachable. @default 5_000 */
  readonly timeoutMs?: number | undefined;
}

export interface BatchOptions {
  /** Most rows of one call. @default 32 */
  readonly size?: number | undefined;
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
 * - The model cannot be reached (connection, time-out, 429, 502, 503, 504): the events wait, and no attempt is counted.
 * - It refuses a batch (4xx), answers 500 three times, or twice something unfitting (wrong count, not JSON): the batch
 *   is asked again in halves, down to the event that is to blame. That one fails, and `onError` decides; later it is asked
 *   alone. The others are published.
 * - The partition is lost: calls are cancelled, nothing more is published.
 */
export function inference<K, V, Row, Answer, Out>(options: InferenceOptions<K, V, Row, Answer, Out>): Behaviour<K, V, Out> {
  const { model, features, result, batch = {}, inFlight = 4, timeoutMs = 5_000 } = options;
  const { size: wanted = 32, waitMs = 5 } = batch;
  check({ 'batch.size': wanted, inFlight }, { 'batch.waitMs': waitMs, timeoutMs });
  const size = Math.min(wanted, model.maxRows ?? wanted);
  const calls = new PQueue({ concurrency: inFlight });
  return {
    name: 'inference',
    unit: 'key',
    capacity: size * inFlight,
    start: async () => model.start?.(),
    async stop() {
      await calls.onIdle();
      await model.close?.();
    },
    open: (inbox) => new InferenceRun(inbox, { model, features, result, size, waitMs, timeoutMs, calls }),
  };
}

function check(counts: Record<string, number>, durations: Record<string, number>): void {
  const problems = [
    ...Object.entries(counts)
      .filter(([, value]) => !Number.isInteger(value) || value < 1)
      .map(([name, value]) => `${name} must be a whole number of at least 1, got ${value}`),
    ...Object.entries(durations)
      .filter(([, value]) => !(value >= 0))
      .map(([name, value]) => `${name} must be at least 0, got ${value}`),
  ];
  if (durations.timeoutMs === 0) problems.push('timeoutMs must be more than 0: a call without limit could hold its partition for ever');
  if (problems.length > 0) throw new ConfigError(problems.map((problem) => `inference: ${problem}`));
}
