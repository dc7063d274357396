import { ConfigError } from '../../errors.ts';
import { type ChecksOf, checkOptions, numberFrom, wholeNumber } from '../../options/index.ts';
import { aWeight } from './boosting-options.ts';
import { checkBinary, positiveWeightOf, type Table, type TableOfNumbers, type TrainingData, tableOf } from './data.ts';
import { newton, type Optimum } from './newton.ts';
import { sparseOf } from './sparse.ts';
import { TrainedModel } from './trained-model.ts';

export interface LogisticOptions {
  /**
   * Weight of half the sum of squared coefficients against the sum of log losses; scikit-learn's `C` is 1 / l2. The intercept is free.
   *
   * @default 1
   */
  readonly l2?: number | undefined;
  /** Weight of a row with label 1 against one with label 0; `'balanced'`: both classes weigh the same. @default 1 */
  readonly positiveWeight?: number | 'balanced' | undefined;
  /** Most Newton steps; 5 to 10 are usual. @default 100 */
  readonly maxSteps?: number | undefined;
}

/** A logistic regression in streamer's JSON, and the result of its training. */
export class LogisticModel<Row extends object = object> extends TrainedModel<Row> {
  /** One for each column. */
  readonly coefficients: readonly number[];
  readonly intercept: number;
  /** Sum of log losses and penalty at the optimum, the largest component of its gradient, and the number of steps. */
  readonly optimum: Pick<Optimum, 'loss' | 'gradient' | 'steps'>;

  constructor(text: string, table: Table<Row>, optimum: Optimum) {
    super(text, table.columns, table.features);
    this.intercept = optimum.weights.at(-1) ?? 0;
    this.coefficients = Array.from(optimum.weights.subarray(0, -1));
    this.optimum = { loss: optimum.loss, gradient: optimum.gradient, steps: optimum.steps };
  }
}

/** The matrix of second derivatives has as many rows and as many columns. */
const MOST_COLUMNS = 2_000;

/**
 * Trains a logistic regression with an L2 penalty to its exact optimum, that of scikit-learn's `LogisticRegression(C=1/l2)`. Labels are 0
 * and 1; columns should have similar sizes (`standardise()`), and no value may be missing.
 *
 *     const model = trainLogistic({ features: bank, rows, labels: rows.map(({ y }) => (y === 'yes' ? 1 : 0)) });
 *     await model.save('bank.json');
 *     const yes = linear('bank.json', { features: 'bank.features.json' });
 *
 * @throws ConfigError when an option is wrong, a number is missing, or there is no optimum
 */
export function trainLogistic<Row extends object>(data: TrainingData<Row>, options: LogisticOptions = {}): LogisticModel<Row> {
  checkOptions<LogisticOptions>('trainLogistic', options, CHECKS);
  const { l2 = 1, positiveWeight = 1, maxSteps = 100 } = options;
  const table = tableOf(data);
  checkBinary(table.labels);
  checkNumbers(table);
  const weight = positiveWeightOf(table.labels, positiveWeight);
  const settings = { l2, positiveWeight: weight, maxSteps, tolerance: 1e-13 * table.rows };
  const optimum = newton(sparseOf(table), table.labels, settings);
  return new LogisticModel(textOf(table, optimum), table, optimum);
}

function textOf<Row extends object>({ columns, features }: Table<Row>, { weights }: Optimum): string {
  const content = {
    kind: 'logistic-regression',
    features: columns,
    coefficients: Array.from(weights.subarray(0, columns.length)),
    intercept: weights[columns.length],
    ...(features === undefined ? {} : { featuresHash: features.hash }),
  };
  return `${JSON.stringify(content, null, 1)}\n`;
}

const CHECKS: ChecksOf<LogisticOptions> = { l2: numberFrom(0, Number.MAX_VALUE), positiveWeight: aWeight, maxSteps: wholeNumber(1) };

function checkNumbers({ numbers, columns }: TableOfNumbers): void {
  if (columns.length > MOST_COLUMNS)
    throw new ConfigError(`a logistic regression takes ${MOST_COLUMNS} columns at most, got ${columns.length}`, {
      next: 'Use a lookup() in place of a oneHot() for fields of many values.',
    });
  const missing = numbers.findIndex((number) => Number.isNaN(number));
  if (missing < 0) return;
  const at = `row ${Math.floor(missing / columns.length)} has no number in column ${JSON.stringify(columns[missing % columns.length])}`;
  throw new ConfigError(`${at}, and a logistic regression cannot use a missing one`, {
    next: 'Give a replacement, as `standardise({ missing: 0 })`, or train by boosting.',
  });
}
