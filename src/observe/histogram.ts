/** Upper bounds of the buckets: 1, 2, 5, 10 ... 5,000,000. */
const BOUNDS = Array.from({ length: 21 }, (_, i) => ([1, 2, 5][i % 3] ?? 1) * 10 ** Math.floor(i / 3));

/** Of the observed values: how many, their mean, the largest, and percentiles (rounded up to 1, 2, 5, 10, 20, 50 ...). */
export interface Summary {
  readonly count: number;
  readonly mean: number;
  readonly max: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** Counts values by size: some dozen numbers, however many values are observed. */
export class Histogram {
  readonly #buckets = new Float64Array(BOUNDS.length + 1);
  #count = 0;
  #sum = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  observe(value: number): void {
    let at = 0;
    while (at < BOUNDS.length && value > (BOUNDS[at] ?? 0)) at++;
    this.#buckets[at] = (this.#buckets[at] ?? 0) + 1;
    this.#count++;
    this.#sum += value;
    this.#max = Math.max(this.#max, value);
  }

  summary(): Summary {
    return {
      count: this.#count,
      mean: this.#count === 0 ? 0 : this.#sum / this.#count,
      max: this.#max,
      p50: this.#percentile(0.5),
      p95: this.#percentile(0.95),
      p99: this.#percentile(0.99),
    };
  }

  #percentile(share: number): number {
    let left = this.#count * share;
    for (const [at, count] of this.#buckets.entries()) {
      left -= count;
      if (count > 0 && left <= 0) return Math.min(BOUNDS[at] ?? this.#max, this.#max);
    }
    return this.#max;
  }
}
