import { readCsv } from 'streamerjs/connect';
import { linear } from 'streamerjs/models';
import { type Customer, customerOf } from '../customer.ts';
import { type LogisticModel, type Transform, transformed } from './logistic.ts';
import { accuracy, auc, logLoss } from './metrics.ts';
import { fitLogistic } from './newton.ts';

export interface LabelledRow {
  readonly customer: Customer;
  readonly isYes: boolean;
}

export interface Metrics {
  readonly rows: number;
  readonly auc: number;
  readonly accuracy: number;
  readonly logLoss: number;
}

const NUMBERS: Readonly<Record<string, Transform>> = {
  age: 'plain',
  balance: 'log',
  day: 'plain',
  duration: 'log',
  campaign: 'log',
  pdays: 'log',
  previous: 'log',
};
const TEXTS = ['job', 'marital', 'education', 'default', 'housing', 'loan', 'poutcome'] as const;
const FIT = { ridge: 1, tolerance: 1e-10, maxSteps: 50 };

/**
 * Reads the labelled rows (column `y`), split by whether they occur in the test file: those that do are for testing alone.
 * Rows are compared by all columns that both files have, so that columns which are no features help to tell them apart.
 */
export async function readLabelled(file: string, testFile: string): Promise<{ train: LabelledRow[]; test: LabelledRow[] }> {
  const isTest = await occursIn(testFile);
  const train: LabelledRow[] = [];
  const test: LabelledRow[] = [];
  for await (const result of readCsv(file, { columns: ['y'] })) {
    if ('error' in result) throw new Error(`${file}, line ${result.line}: ${result.error.message}`);
    const labelled = { customer: customerOf(result.row), isYes: result.row.y === 'yes' };
    (isTest(result.row) ? test : train).push(labelled);
  }
  if (test.length === 0 || train.length === 0)
    throw new Error(`${testFile} must hold some of the rows of ${file}: ${test.length} of ${test.length + train.length} do`);
  return { train, test };
}

async function occursIn(testFile: string): Promise<(row: Readonly<Record<string, string>>) => boolean> {
  const seen = new Set<string>();
  let columns: string[] = [];
  const keyOf = (row: Readonly<Record<string, string>>) => columns.map((column) => row[column]).join('\u0000');
  for await (const result of readCsv(testFile)) {
    if ('error' in result) throw new Error(`${testFile}, line ${result.line}: ${result.error.message}`);
    if (columns.length === 0)
      columns = Object.keys(result.row)
        .filter((name) => name !== '' && name !== 'y')
        .sort();
    seen.add(keyOf(result.row));
  }
  return (row) => seen.has(keyOf(row));
}

/** One-hot text columns, standardised numbers (skewed ones by their logarithm), a little ridge, Newton's method. */
export function train(rows: readonly LabelledRow[]): LogisticModel {
  const numbers = Object.entries(NUMBERS).map(([field, transform]) => ({
    field,
    transform,
    ...spread(rows.map(({ customer }) => transformed(Number(customer[field]), transform))),
  }));
  const texts = TEXTS.flatMap((field) =>
    [...new Set(rows.map(({ customer }) => customer[field]))].sort().map((value) => ({ field, value })),
  );
  const features = rows.map(({ customer }) =>
    Float64Array.from([
      1,
      ...numbers.map(({ field, transform, mean, deviation }) => (transformed(Number(customer[field]), transform) - mean) / deviation),
      ...texts.map(({ field, value }) => (customer[field] === value ? 1 : 0)),
    ]),
  );
  const [intercept = 0, ...weights] = fitLogistic(features, labelsOf(rows), FIT);
  const weightOf = (at: number) => weights[at] as number;
  return {
    intercept,
    numbers: Object.fromEntries(numbers.map(({ field, ...number }, at) => [field, { ...number, weight: weightOf(at) }])),
    texts: Object.fromEntries(
      TEXTS.map((field) => [
        field,
        Object.fromEntries(texts.flatMap((text, at) => (text.field === field ? [[text.value, weightOf(numbers.length + at)]] : []))),
      ]),
    ),
  };
}

export async function evaluate(model: LogisticModel, rows: readonly LabelledRow[]): Promise<Metrics> {
  const probabilities = await linear<Customer>(Buffer.from(JSON.stringify(model))).predict(rows.map(({ customer }) => customer));
  const labels = labelsOf(rows);
  return {
    rows: rows.length,
    auc: auc(probabilities, labels),
    accuracy: accuracy(probabilities, labels),
    logLoss: logLoss(probabilities, labels),
  };
}

function labelsOf(rows: readonly LabelledRow[]): Uint8Array {
  return Uint8Array.from(rows, ({ isYes }) => (isYes ? 1 : 0));
}

function spread(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) || 1 };
}
