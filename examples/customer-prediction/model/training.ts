import { readCsv } from 'streamerjs/connect';
import { type BinaryReport, evaluateBinary, type Feature, features, linear, oneHot, standardise, trainLogistic } from 'streamerjs/models';
import { type Customer, customerOf } from '../customer.ts';
import type { LogisticModel } from './logistic.ts';

export interface LabelledRow {
  readonly customer: Customer;
  readonly isYes: boolean;
}

/** Standardised numbers, skewed ones by their logarithm, and a column for each text. */
const BANK = features({
  age: standardise(),
  balance: standardise({ log: true }),
  day: standardise(),
  duration: standardise({ log: true }),
  campaign: standardise({ log: true }),
  pdays: standardise({ log: true }),
  previous: standardise({ log: true }),
  job: oneHot(),
  marital: oneHot(),
  education: oneHot(),
  default: oneHot(),
  housing: oneHot(),
  loan: oneHot(),
  poutcome: oneHot(),
});

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

/** The weights of the best fit, in the form that says by field what each one is for. */
export function train(rows: readonly LabelledRow[]): LogisticModel {
  const trained = trainLogistic({ features: BANK, rows: rows.map(({ customer }) => customer), labels: labelsOf(rows) });
  const weights = new Map(trained.columns.map((column, at) => [column, trained.coefficients[at] as number]));
  const weightOf = (column: string) => weights.get(column) as number;
  const fields = Object.entries(trained.features?.fields ?? {}) as Array<[string, Feature]>;
  return {
    intercept: trained.intercept,
    numbers: Object.fromEntries(
      fields.flatMap(([field, feature]) => {
        if (feature.kind !== 'standardise') return [];
        const { mean = 0, deviation = 1, log } = feature;
        return [[field, { transform: log === true ? ('log' as const) : ('plain' as const), mean, deviation, weight: weightOf(field) }]];
      }),
    ),
    texts: Object.fromEntries(
      fields.flatMap(([field, feature]) =>
        feature.kind === 'oneHot'
          ? [[field, Object.fromEntries((feature.values ?? []).map((value) => [value, weightOf(`${field}=${value}`)]))]]
          : [],
      ),
    ),
  };
}

export async function evaluate(model: LogisticModel, rows: readonly LabelledRow[]): Promise<BinaryReport> {
  const probabilities = await linear<Customer>(Buffer.from(JSON.stringify(model))).predict(rows.map(({ customer }) => customer));
  return evaluateBinary(probabilities, labelsOf(rows));
}

function labelsOf(rows: readonly LabelledRow[]): Uint8Array {
  return Uint8Array.from(rows, ({ isYes }) => (isYes ? 1 : 0));
}
