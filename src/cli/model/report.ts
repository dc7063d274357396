import { type BinaryReport, evaluateBinary, evaluateRegression, type RegressionReport } from '../../models/index.ts';
import type { Output } from '../output.ts';
import type { Task } from './target.ts';

export type Report = BinaryReport | RegressionReport;

/** What training sees through its own sums is 32-bit; 17 digits of it would say nothing. */
const DIGITS = 6;

export function reportOf(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  task: Task,
  options: { readonly threshold?: number | undefined; readonly bins?: number | undefined } = {},
): Report {
  return task.kind === 'binary' ? evaluateBinary(predictions, labels, options) : evaluateRegression(predictions, labels, options);
}

/** The figures of several reports side by side. */
export function printFigures(output: Output, reports: Readonly<Record<string, Report>>): void {
  const names = Object.keys(reports);
  const columns = Object.values(reports).map(figuresOf);
  const rows = (columns[0] ?? []).map(([figure], at) => [figure, ...columns.map((column) => column[at]?.[1] ?? '')]);
  output.table(rows, ['', ...names]);
}

function figuresOf(report: Report): Array<[string, string]> {
  if (report.kind === 'regression') {
    const { rows, rmse, mae, mape, zeros, r2, bias } = report;
    const figures: Array<[string, string]> = [
      ['rows', rows.toLocaleString('en')],
      ['RMSE', shown(rmse)],
      ['MAE', shown(mae)],
      ['MAPE', `${shown(mape)} %${zeros === 0 ? '' : ` (without ${zeros} rows of 0)`}`],
      ['R2', shown(r2)],
      ['bias', shown(bias)],
    ];
    return figures;
  }
  const { rows, positive, auc, logLoss, brier, accuracy, precision, recall, f1 } = report;
  return [
    ['rows', rows.toLocaleString('en')],
    ['positive', positive.toLocaleString('en')],
    ['AUC', shown(auc)],
    ['log loss', shown(logLoss)],
    ['Brier', shown(brier)],
    ['accuracy', shown(accuracy)],
    ['precision', shown(precision)],
    ['recall', shown(recall)],
    ['F1', shown(f1)],
  ];
}

export function printConfusion(output: Output, { confusion }: BinaryReport, positive: string): void {
  const { threshold, truePositive, falsePositive, trueNegative, falseNegative } = confusion;
  output.line(`\nconfusion at a probability of ${threshold}`);
  output.table(
    [
      [`is ${positive}`, truePositive, falseNegative],
      ['is not', falsePositive, trueNegative],
    ].map((row) => row.map(String)),
    ['', `said ${positive}`, 'said not'],
  );
}

export function printCalibration(output: Output, { calibration }: Report): void {
  output.line('\ncalibration: rows by the size of their prediction');
  output.table(
    calibration.map(({ rows, from, to, predicted, observed }) => [
      rows.toLocaleString('en'),
      shown(from),
      shown(to),
      shown(predicted),
      shown(observed),
    ]),
    ['rows', 'from', 'to', 'predicted', 'observed'],
  );
}

function shown(value: number): string {
  return Number.isNaN(value) ? '-' : String(Number(value.toPrecision(DIGITS)));
}
