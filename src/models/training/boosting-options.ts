import { ConfigError } from '../../errors.ts';
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

/** @throws ConfigError with every problem */
export function settingsOf<Row extends object>(options: BoostingOptions<Row>): Settings<Row> {
  const settings = complete(options);
  const problems = problemsOf(settings);
  for (const name of Object.keys(options)) if (!KNOWN.has(name)) problems.push(`there is no option ${name}`);
  if (problems.length > 0) throw new ConfigError(problems.map((problem) => `trainBoosting: ${problem}`));
  return settings;
}

const KNOWN: ReadonlySet<string> = new Set([...Object.keys(DEFAULTS), 'earlyStopping', 'onRound', 'baseScore']);

function complete<Row extends object>(options: BoostingOptions<Row>): Settings<Row> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...DEFAULTS, ...Object.fromEntries(given) };
}

function problemsOf<Row extends object>(settings: Settings<Row>): string[] {
  const problems: string[] = [];
  const check = (name: string, value: unknown, fits: boolean, wanted: string) => {
    if (!fits) problems.push(`${name} must be ${wanted}, got ${JSON.stringify(value) ?? String(value)}`);
  };
  const whole = (name: string, value: unknown, least: number, most: number) =>
    check(name, value, isWhole(value, least, most), `a whole number of ${least} to ${most}`);
  const { objective, rounds, maxDepth, maxLeaves, bins, positiveWeight, baseScore, earlyStopping } = settings;
  check('objective', objective, objective === 'squared-error' || objective === 'logistic', 'squared-error or logistic');
  whole('rounds', rounds, 1, 100_000);
  whole('maxDepth', maxDepth, 0, 64);
  whole('maxLeaves', maxLeaves, 0, 65_536);
  if (maxDepth === 0 && maxLeaves < 2) problems.push('without a maxDepth, maxLeaves must be 2 or more');
  if (bins !== 'exact') whole('bins', bins, 2, 65_535);
  for (const name of ['learningRate', 'subsample', 'colsample'] as const)
    check(name, settings[name], settings[name] > 0 && settings[name] <= 1, 'above 0 and at most 1');
  for (const name of ['minChildWeight', 'lambda', 'gamma'] as const)
    check(name, settings[name], Number.isFinite(settings[name]) && settings[name] >= 0, 'a number, 0 or more');
  whole('seed', settings.seed, 0, 2 ** 32 - 1);
  const isWeight = positiveWeight === 'balanced' || (Number.isFinite(positiveWeight) && positiveWeight > 0);
  check('positiveWeight', positiveWeight, isWeight, "a number above 0, or 'balanced'");
  if (objective === 'squared-error' && positiveWeight !== 1) problems.push('positiveWeight is for the objective logistic');
  if (baseScore !== undefined) {
    const isScore = objective === 'logistic' ? baseScore > 0 && baseScore < 1 : Number.isFinite(Math.fround(baseScore));
    check('baseScore', baseScore, isScore, objective === 'logistic' ? 'a probability between 0 and 1' : 'a finite number');
  }
  if (earlyStopping !== undefined) problems.push(...stoppingProblems(earlyStopping));
  return problems;
}

function stoppingProblems<Row extends object>({ rounds, fraction, data }: EarlyStopping<Row>): string[] {
  const problems: string[] = [];
  if (!isWhole(rounds, 1, 100_000)) problems.push(`earlyStopping.rounds must be a whole number of 1 to 100000, got ${rounds}`);
  if (fraction !== undefined && !(fraction > 0 && fraction < 1))
    problems.push(`earlyStopping.fraction must be between 0 and 1, got ${fraction}`);
  if (fraction !== undefined && data !== undefined) problems.push('earlyStopping takes a fraction or data, not both');
  return problems;
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}
