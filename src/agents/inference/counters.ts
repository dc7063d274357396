import type { Counter, Histogram, Telemetry } from '../../observe/index.ts';
import type { InferenceStats } from './stats.ts';

/** How a call of the model ended: with an answer (a refusal too), without one, or given up because its partition is gone. */
export type CallOutcome = 'answered' | 'unavailable' | 'lost';

/** The counters of one inference agent in its worker's telemetry, over all its partitions. */
export class InferenceCounters {
  readonly rows: Counter;
  readonly retries: Counter;
  readonly splits: Counter;
  readonly batchRows: Histogram;
  readonly batchWait: Histogram;
  readonly #callDuration: Histogram;
  readonly #calls: Readonly<Record<CallOutcome, Counter>>;
  #inFlight = 0;

  constructor(agent: string, telemetry: Telemetry) {
    const calls = (outcome: CallOutcome) => telemetry.counter('inference_calls_total', { agent, outcome });
    this.#calls = { answered: calls('answered'), unavailable: calls('unavailable'), lost: calls('lost') };
    this.#callDuration = telemetry.histogram('inference_call_duration_seconds', { agent });
    this.rows = telemetry.counter('inference_rows_total', { agent });
    this.retries = telemetry.counter('inference_retries_total', { agent });
    this.splits = telemetry.counter('inference_splits_total', { agent });
    this.batchRows = telemetry.histogram('inference_batch_rows', { agent });
    this.batchWait = telemetry.histogram('inference_batch_wait_seconds', { agent });
  }

  began(): void {
    this.#inFlight++;
  }

  ended(outcome: CallOutcome, ms: number): void {
    this.#inFlight--;
    this.#calls[outcome].add();
    this.#callDuration.observe(ms);
  }

  stats(breaker: InferenceStats['breaker']): InferenceStats {
    const { answered, unavailable, lost } = this.#calls;
    return {
      rows: this.rows.value,
      batches: this.batchRows.count,
      calls: answered.value + unavailable.value + lost.value + this.#inFlight,
      retries: this.retries.value,
      splits: this.splits.value,
      unavailable: unavailable.value,
      inFlight: this.#inFlight,
      batchSize: this.batchRows.summary(),
      waitMs: this.batchWait.summary(),
      callMs: this.#callDuration.summary(),
      breaker,
    };
  }
}
