/**
 * Every number that a worker counts: its name (`streamer_` goes before it), type, labels and what it means. Names follow
 * Prometheus: `_total` for counters, base units for histograms. A label's values come from the app's declaration or from a
 * fixed list, never from an event.
 */
export interface MetricDeclaration {
  readonly type: 'counter' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  /** Histograms: what is observed, per unit of the name. Times are observed in milliseconds and reported in seconds. */
  readonly perUnit?: number;
}

export const METRICS = {
  records_received_total: { type: 'counter', labels: ['topic'], help: 'Records received, tombstones and undecodable ones included.' },
  tombstones_skipped_total: { type: 'counter', labels: ['topic'], help: 'Records without value that the topic skips.' },
  undecodable_total: { type: 'counter', labels: ['topic'], help: 'Records whose bytes do not fit the topic.' },
  events_finished_total: {
    type: 'counter',
    labels: ['agent', 'outcome'],
    help: 'Events finished: done, skipped by the failure policy, or written to a dead-letter topic.',
  },
  retries_total: { type: 'counter', labels: ['agent', 'code'], help: 'Failed attempts after which the event is tried again.' },
  dead_letters_total: {
    type: 'counter',
    labels: ['agent', 'code'],
    help: 'Dead letters written. Without agent: the bytes did not decode.',
  },
  inference_rows_total: { type: 'counter', labels: ['agent'], help: 'Rows that the model has answered.' },
  inference_calls_total: {
    type: 'counter',
    labels: ['agent', 'outcome'],
    help: 'Calls of the model: answered (a refusal too), or unavailable.',
  },
  inference_retries_total: {
    type: 'counter',
    labels: ['agent'],
    help: 'Calls for rows that were asked before, after an error or a wrong answer.',
  },
  inference_splits_total: { type: 'counter', labels: ['agent'], help: 'Refused batches that were asked again in parts.' },
  inference_call_duration_seconds: {
    type: 'histogram',
    labels: ['agent'],
    help: 'From a call of the model to its end.',
    perUnit: 1_000,
  },
  inference_batch_wait_seconds: {
    type: 'histogram',
    labels: ['agent'],
    help: "From a batch's first row to its first call.",
    perUnit: 1_000,
  },
  inference_batch_rows: { type: 'histogram', labels: ['agent'], help: 'Rows of a batch.' },
  transactions_total: {
    type: 'counter',
    labels: ['outcome'],
    help: 'Transactions of tables: committed, aborted, or of an outcome that is not known.',
  },
  transaction_duration_seconds: { type: 'histogram', labels: [], help: 'From the begin of a transaction to its commit.', perUnit: 1_000 },
  source_records_total: { type: 'counter', labels: ['source'], help: 'Records of a source that the broker has acknowledged.' },
} as const satisfies Readonly<Record<string, MetricDeclaration>>;
