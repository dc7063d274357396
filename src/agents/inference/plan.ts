import type { Model } from '../../models/index.ts';
import {
  aFunction,
  anything,
  type ChecksOf,
  durationMs,
  fields,
  numberFrom,
  positiveNumber,
  problemsIn,
  refuse,
  truth,
  wholeNumber,
} from '../../options/index.ts';
import type { BreakerOptions } from './breaker.ts';
import type { BatchOptions, InferenceOptions } from './options.ts';
import type { RateOptions } from './rate.ts';

/** The settings of an inference agent, complete and checked. */
export interface InferencePlan<Row, Answer> {
  readonly model: Model<Row, Answer>;
  /** Most rows of a batch, as the model and the rate allow. */
  readonly size: number;
  /** 0 = no limit */
  readonly bytes: number;
  readonly waitMs: number;
  readonly inFlight: number;
  readonly timeoutMs: number;
  /** 0 = none */
  readonly deadlineMs: number;
  readonly rate: RateOptions | undefined;
  readonly breaker: Required<{ [Name in keyof BreakerOptions]: number }>;
  readonly warmUp: boolean | { readonly row: Row };
}

export function planOf<K, V, Row, Answer, Out>(options: InferenceOptions<K, V, Row, Answer, Out>): InferencePlan<Row, Answer> {
  refuse('inference', [...problemsIn(options, CHECKS), ...problemsOfRate(options.rate)]);
  const { model, batch = {}, inFlight = 4, timeoutMs = model.timeoutMs ?? 5_000, deadlineMs = 0, rate, warmUp = false } = options;
  const { failures = 5, delayMs = 200, maxDelayMs = 10_000 } = options.breaker ?? {};
  const { size = 32, bytes = 0, waitMs = 5 } = batch;
  return {
    model,
    size: Math.min(size, model.maxRows ?? size, rate?.rows ?? size),
    bytes,
    waitMs,
    inFlight,
    timeoutMs,
    deadlineMs,
    rate,
    breaker: { failures, delayMs, maxDelayMs },
    warmUp,
  };
}

const BATCH: ChecksOf<BatchOptions> = { size: wholeNumber(1), bytes: numberFrom(0), waitMs: durationMs(0) };
const RATE: ChecksOf<RateOptions> = { rows: wholeNumber(1), calls: wholeNumber(1), perMs: positiveNumber };
const BREAKER: ChecksOf<BreakerOptions> = { failures: wholeNumber(1), delayMs: durationMs(1), maxDelayMs: durationMs(1) };
const WARM_UP_ROW = fields({ row: anything });

const CHECKS: ChecksOf<InferenceOptions<never, never, never, never, never>> = {
  model: anything,
  features: aFunction,
  result: aFunction,
  batch: fields(BATCH),
  inFlight: wholeNumber(1),
  timeoutMs: durationMs(1),
  deadlineMs: durationMs(0),
  rate: fields(RATE),
  breaker: fields(BREAKER),
  warmUp: { ...WARM_UP_ROW, problems: (name, value) => (truth.fits(value) ? [] : (WARM_UP_ROW.problems?.(name, value) ?? [])) },
};

function problemsOfRate(rate: RateOptions | undefined): string[] {
  if (rate === undefined || (rate.rows === undefined) !== (rate.calls === undefined)) return [];
  return [`rate: expected rows or calls, got ${rate.rows === undefined ? 'neither' : 'both'}`];
}
