import { ConfigError } from '../../errors.ts';
import type { Model } from '../../models/index.ts';
import type { BreakerOptions } from './breaker.ts';
import type { InferenceOptions } from './inference.ts';
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
  const { model, batch = {}, inFlight = 4, timeoutMs = model.timeoutMs ?? 5_000, deadlineMs = 0, rate, warmUp = false } = options;
  const { failures = 5, delayMs = 200, maxDelayMs = 10_000 } = options.breaker ?? {};
  const { size = 32, bytes = 0, waitMs = 5 } = batch;
  const limits = rate === undefined ? {} : { [`rate.${rate.rows === undefined ? 'calls' : 'rows'}`]: rate.rows ?? rate.calls ?? 0 };
  check(
    { 'batch.size': size, inFlight, 'breaker.failures': failures, ...limits },
    { 'batch.bytes': bytes, 'batch.waitMs': waitMs, deadlineMs },
    { timeoutMs, 'breaker.delayMs': delayMs, 'breaker.maxDelayMs': maxDelayMs, 'rate.perMs': rate?.perMs ?? 1_000 },
    [...(rate?.rows !== undefined && rate.calls !== undefined ? ['rate takes rows or calls, not both'] : []), ...unknownOf(options)],
  );
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

type AnyOptions = InferenceOptions<never, never, never, never, never>;

/** Every option, and those within it. */
const OPTIONS: Readonly<Record<keyof AnyOptions, readonly string[]>> = {
  model: [],
  features: [],
  result: [],
  batch: ['size', 'bytes', 'waitMs'],
  inFlight: [],
  timeoutMs: [],
  deadlineMs: [],
  rate: ['rows', 'calls', 'perMs'],
  breaker: ['failures', 'delayMs', 'maxDelayMs'],
  warmUp: ['row'],
};

/** A name that is misspelt would else be without effect. */
function unknownOf(options: object): string[] {
  const strangers = Object.entries(options).flatMap(([name, value]) => {
    if (!Object.hasOwn(OPTIONS, name)) return [name];
    const within = OPTIONS[name as keyof AnyOptions];
    if (within.length === 0 || typeof value !== 'object' || value === null) return [];
    return Object.keys(value).flatMap((inner) => (within.includes(inner) ? [] : [`${name}.${inner}`]));
  });
  return strangers.map((name) => `there is no option ${name}`);
}

type Numbers = Record<string, number>;

/** All problems in one report. */
function check(counts: Numbers, fromZero: Numbers, aboveZero: Numbers, others: readonly string[]): void {
  const wrong = (numbers: Numbers, isRight: (value: number) => boolean, words: string) =>
    Object.entries(numbers)
      .filter(([, value]) => !isRight(value))
      .map(([name, value]) => `${name} must be ${words}, got ${value}`);
  const problems = [
    ...wrong(counts, (value) => Number.isInteger(value) && value >= 1, 'a whole number of at least 1'),
    ...wrong(fromZero, (value) => value >= 0, 'at least 0'),
    ...wrong(aboveZero, (value) => value > 0 && Number.isFinite(value), 'more than 0, and finite'),
    ...others,
  ];
  if (problems.length > 0) throw new ConfigError(problems.map((problem) => `inference: ${problem}`));
}
