/** Upper bounds in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The counters of a model server, in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export class Metrics {
  readonly #requests = new Map<string, number>();
  readonly #buckets = new Array<number>(BUCKETS.length).fill(0);
  #seconds = 0;
  #timed = 0;
  rows = 0;
  refusedRows = 0;

  request(protocol: string, status: number, seconds: number): void {
    const labels = `{protocol="${protocol}",status="${status}"}`;
    this.#requests.set(labels, (this.#requests.get(labels) ?? 0) + 1);
    this.#seconds += seconds;
    this.#timed++;
    const at = BUCKETS.findIndex((bound) => seconds <= bound);
    if (at >= 0) this.#buckets[at] = (this.#buckets[at] ?? 0) + 1;
  }

  text(now: {
    readonly inFlight: number;
    readonly queued: number;
    readonly isReady: boolean;
    readonly name: string;
    readonly version: string | undefined;
  }): string {
    let below = 0;
    const buckets = BUCKETS.map((bound, at) => [`_bucket{le="${bound}"}`, (below += this.#buckets[at] ?? 0)] as const);
    return [
      metric('streamer_model_requests_total', 'counter', 'Requests answered.', [...this.#requests]),
      metric('streamer_model_rows_total', 'counter', 'Rows answered.', [['', this.rows]]),
      metric('streamer_model_refused_rows_total', 'counter', 'Rows refused.', [['', this.refusedRows]]),
      metric('streamer_model_request_seconds', 'histogram', 'Time from a request to its answer.', [
        ...buckets,
        ['_bucket{le="+Inf"}', this.#timed],
        ['_sum', this.#seconds],
        ['_count', this.#timed],
      ]),
      metric('streamer_model_in_flight', 'gauge', 'Requests being scored.', [['', now.inFlight]]),
      metric('streamer_model_queued', 'gauge', 'Requests that wait to be scored.', [['', now.queued]]),
      metric('streamer_model_ready', 'gauge', '1 when rows are answered.', [['', now.isReady ? 1 : 0]]),
      metric('streamer_model_info', 'gauge', 'The model that is served.', [[`{name="${now.name}",version="${now.version ?? ''}"}`, 1]]),
    ].join('');
  }
}

function metric(name: string, type: string, help: string, samples: ReadonlyArray<readonly [suffix: string, value: number]>): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map(([suffix, value]) => `${name}${suffix} ${value}\n`).join('')}`;
}
