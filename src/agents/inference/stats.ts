import type { Summary } from '../../observe/index.ts';
import type { BreakerState } from './breaker.ts';

/** The counts of an inference agent in this worker, over all its partitions. */
export interface InferenceStats {
  /** Rows that have an answer. */
  readonly rows: number;
  /** Batches collected; each is one call, or more where it is asked again or in parts. */
  readonly batches: number;
  readonly calls: number;
  /** Repeated calls of the same rows, after a 500 or an answer that does not fit. */
  readonly retries: number;
  /** Refused batches that were asked again in parts. */
  readonly splits: number;
  /** Calls without an answer: time-outs, connections, 429, 502, 503, 504. */
  readonly unavailable: number;
  /** Calls under way. */
  readonly inFlight: number;
  readonly batchSize: Summary;
  /** Milliseconds from a batch's first row to its first call. */
  readonly waitMs: Summary;
  /** Milliseconds from a call to its answer, errors included. */
  readonly callMs: Summary;
  readonly breaker: {
    readonly state: BreakerState;
    /** The number of times it has opened. */
    readonly opened: number;
    /** The time (epoch milliseconds) since which calls are held up. */
    readonly openSince?: number | undefined;
    readonly reason?: string | undefined;
  };
}
