import {
  aFunction,
  anything,
  type Check,
  type ChecksOf,
  fields,
  numberFrom,
  oneOf,
  positiveNumber,
  problemsIn,
  refuse,
  that,
  wholeNumber,
} from '../../options/index.ts';
import type { TrainingData } from './data.ts';

/** Names and defaults are XGBoost's, in camel case, where it has them. */
export interface BoostingOptions<Row extends object = object> {
  /** `squared-error` predicts a number, `logistic` the probability of label 1. @default 'squared-error' */
  readonly objective?: 'squared-error' | 'logistic' | undefined;
  /** Most trees. @default 100 */
  readonly rounds?: number | undefined;
  /** Weight of a tree. @default 0.3 */
  readonly learningRate?: number | undefined;
  /** Most splits on the way to a leaf; 0: no limit but `maxLeaves`. @default 6 */
  readonly maxDepth?: number | undefined;
  /** Most leaves of a tree, which then grows where it gains most; 0: no limit but `maxDepth`. @default 0 */
  readonly maxLeaves?: number | undefined;
  /** Least sum of second derivatives in a leaf: for squared error, its rows. @default 1 */
  readonly minChildWeight?: number | undefined;
  /** Weight of the squared leaf values in what is minimised. @default 1 */
  readonly lambda?: number | undefined;
  /** Least gain of a split. @default 0 */
  readonly gamma?: number | undefined;
  /** Share of the rows that a tree is grown on. @default 1 */
  readonly subsample?: number | undefined;
  /** Share of the columns that a tree may split on. @default 1 */
  readonly colsample?: number | undefined;
  /** Different values of a column, up to 65,535; `'exact'`: all of them, and a column may not have more. @default 256 */
  readonly bins?: number | 'exact' | undefined;
  /** Weight of a row with label 1 against one with label 0; `'balanced'`: both classes weigh the same. @default 1 */
  readonly positiveWeight?: number | 'balanced' | undefined;
  /** Start of the sum, as a prediction. @default the mean of the labels */
  readonly baseScore?: number | undefined;
  /** @default none: all rounds are trained */
  readonly earlyStopping?: EarlyStopping<Row> | undefined;
  /** For the samples and the split of early stopping; the same seed gives the same model. @default 0 */
  readonly seed?: number | undefined;
  /** Called after each round. */
  readonly onRound?: ((progress: BoostingRound) => void) | undefined;
}

/** Ends the training when the loss on held-back rows has stopped falling; the model ends with the best round. */
export interface EarlyStopping<Row extends object = object> {
  /** Rounds without improvement after which the training ends. */
  readonly rounds: number;
  /** Share of the rows to hold back, taken by the seed. @default 0.1 */
  readonly fraction?: number | undefined;
  /** The rows to test on, in place of a share of the training rows. */
  readonly data?: TrainingData<Row> | undefined;
}

/** Losses: root mean square error, or log loss. */
export interface BoostingRound {
  /** From 0. */
  readonly round: number;
  readonly training: number;
  /** Undefined without early stopping. */
  readonly validation: number | undefined;
}

const DEFAULTS = {
  objective: 'squared-error',
  rounds: 100,
  learningRate: 0.3,
  maxDepth: 6,
  maxLeaves: 0,
  minChildWeight: 1,
  lambda: 1,
  gamma: 0,
  subsample: 1,
  colsample: 1,
  bins: 256,
  positiveWeight: 1,
  seed: 0,
} as const;

/** Options with their defaults. */
export type Settings<Row extends object> = { readonly [Name in keyof typeof DEFAULTS]: NonNullable<BoostingOptions<Row>[Name]> } & Pick<
  BoostingOptions<Row>,
  'earlyStopping' | 'onRound' | 'baseScore'
>;

const share = that('a number above 0 and at most 1', (value) => typeof value === 'number' && value > 0 && value <= 1);
const amount = numberFrom(0, Number.MAX_VALUE);
/** Of `positiveWeight`. */
export const aWeight: Check = that("a finite number above 0, or 'balanced'", (value) => value === 'balanced' || positiveNumber.fits(value));

const CHECKS: ChecksOf<BoostingOptions> = {
  objective: oneOf(['squared-error', 'logistic']),
  rounds: wholeNumber(1, 100_000),
  learningRate: share,
  maxDepth: wholeNumber(0, 64),
  maxLeaves: wholeNumber(0, 65_536),
  minChildWeight: amount,
  lambda: amount,
  gamma: amount,
  subsample: share,
  colsample: share,
  bins: that("a whole number from 2 to 65535, or 'exact'", (value) => value === 'exact' || wholeNumber(2, 65_535).fits(value)),
  positiveWeight: aWeight,
  baseScore: that('a number that is finite in 32 bits', (value) => typeof value === 'number' && Number.isFinite(Math.fround(value))),
  earlyStopping: fields({
    rounds: wholeNumber(1, 100_000),
    fraction: that('a number between 0 and 1', (value) => typeof value === 'number' && value > 0 && value < 1),
    data: anything,
  } satisfies ChecksOf<EarlyStopping>),
  seed: wholeNumber(0, 2 ** 32 - 1),
  onRound: aFunction,
};

/** @throws ConfigError with every problem */
export function settingsOf<Row extends object>(options: BoostingOptions<Row>): Settings<Row> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings = { ...DEFAULTS, ...Object.fromEntries(given) };
  refuse('trainBoosting', [...problemsIn(options, CHECKS), ...contradictionsIn(settings)]);
  return settings;
}

function contradictionsIn<Row extends object>(settings: Settings<Row>): string[] {
  const { objective, maxDepth, maxLeaves, positiveWeight, baseScore, earlyStopping } = settings;
  const problems: string[] = [];
  if (maxDepth === 0 && maxLeaves < 2) problems.push('maxLeaves: expected 2 or more where maxDepth is 0');
  if (objective === 'squared-error' && positiveWeight !== 1) problems.push('positiveWeight: expected the objective logistic');
  if (objective === 'logistic' && baseScore !== undefined && !(baseScore > 0 && baseScore < 1))
    problems.push(`baseScore: expected a probability between 0 and 1, got ${baseScore}`);
  if (earlyStopping !== undefined && earlyStopping.rounds === undefined)
    problems.push('earlyStopping.rounds: expected a whole number, got nothing');
  if (earlyStopping?.fraction !== undefined && earlyStopping.data !== undefined)
    problems.push('earlyStopping: expected fraction or data, got both');
  return problems;
}
