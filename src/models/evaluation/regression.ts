import { type CalibrationBin, calibrationOf } from './calibration.ts';
import { checkLengths, checkNumbers, type EvaluationOptions, optionsOf } from './options.ts';

/** The quality of predicted numbers. */
export interface RegressionReport {
  readonly kind: 'regression';
  readonly rows: number;
  /** Root mean square error. */
  readonly rmse: number;
  /** Mean absolute error. */
  readonly mae: number;
  /** Mean absolute error in percent of the true number, over rows where that is not 0; NaN when it is 0 everywhere. */
  readonly mape: number;
  /** Rows that `mape` leaves out. */
  readonly zeros: number;
  /** Share of the numbers' variance that the predictions explain; NaN when they have none. */
  readonly r2: number;
  /** Mean of prediction minus true number. */
  readonly bias: number;
  readonly calibration: readonly CalibrationBin[];
}

/** @throws ConfigError when the two differ in length, are empty, or hold a number that is not finite */
export function evaluateRegression(
  predictions: ArrayLike<number>,
  values: ArrayLike<number>,
  options: EvaluationOptions = {},
): RegressionReport {
  const { bins } = optionsOf(options);
  checkLengths(predictions, values);
  checkNumbers(predictions, 'prediction', 'a finite number', Number.isFinite);
  checkNumbers(values, 'true number', 'finite', Number.isFinite);
  const rows = values.length;
  const mean = meanOf(rows, (row) => values[row] ?? 0);
  const errorOf = (row: number) => (predictions[row] ?? 0) - (values[row] ?? 0);
  const square = meanOf(rows, (row) => errorOf(row) ** 2);
  const variance = meanOf(rows, (row) => ((values[row] ?? 0) - mean) ** 2);
  const zeros = Array.prototype.filter.call(values, (value: number) => value === 0).length;
  const shares = meanOf(rows, (row) => (values[row] === 0 ? 0 : Math.abs(errorOf(row) / (values[row] ?? 0))));
  return {
    kind: 'regression',
    rows,
    rmse: Math.sqrt(square),
    mae: meanOf(rows, (row) => Math.abs(errorOf(row))),
    mape: (100 * shares * rows) / (rows - zeros),
    zeros,
    r2: variance === 0 ? Number.NaN : 1 - square / variance,
    bias: meanOf(rows, errorOf),
    calibration: calibrationOf(predictions, values, bins),
  };
}

function meanOf(rows: number, of: (row: number) => number): number {
  let sum = 0;
  for (let row = 0; row < rows; row++) sum += of(row);
  return sum / rows;
}
