import type { BreakerState } from './breaker.ts';

/** Number, mean and largest of the measured values, and percentiles (rounded up to 1, 2, 5, 10, 20, 50 ...). */
export interface Summary {
  readonly count: number;
  readonly mean: number;
  readonly max: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

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

const BOUNDS = Array.from({ length: 7 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

/** Counts values by size, in a few dozen numbers. */
class Histogram {
  readonly #counts = new Array<number>(BOUNDS.length + 1).fill(0);
  #count = 0;
  #sum = 0;
  #max = 0;

  add(value: number): void {
    const at = BOUNDS.findIndex((bound) => value <= bound);
    const place = at < 0 ? BOUNDS.length : at;
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
    this.#count++;
    this.#sum += value;
    this.#max = Math.max(this.#max, value);
  }

  summary(): Summary {
    const mean = this.#count === 0 ? 0 : this.#sum / this.#count;
    return {
      count: this.#count,
      mean,
      max: this.#max,
      p50: this.#percentile(0.5),
      p95: this.#percentile(0.95),
      p99: this.#percentile(0.99),
    };
  }

  #percentile(share: number): number {
    let left = this.#count * share;
    for (const [at, count] of this.#counts.entries()) {
      left -= count;
      if (count > 0 && left <= 0) return Math.min(BOUNDS[at] ?? this.#max, this.#max);
    }
    return this.#max;
  }
}

/** Counters that the parts of an inference agent write, and `stats` reads. */
export class Counters {
  rows = 0;
  batches = 0;
  calls = 0;
  retries = 0;
  splits = 0;
  unavailable = 0;
  inFlight = 0;
  readonly batchSize = new Histogram();
  readonly waitMs = new Histogram();
  readonly callMs = new Histogram();

  stats(breaker: InferenceStats['breaker']): InferenceStats {
    const { rows, batches, calls, retries, splits, unavailable, inFlight } = this;
    return {
      ...{ rows, batches, calls, retries, splits, unavailable, inFlight },
      batchSize: this.batchSize.summary(),
      waitMs: this.waitMs.summary(),
      callMs: this.callMs.summary(),
      breaker,
    };
  }
}
