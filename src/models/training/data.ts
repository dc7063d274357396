import { ConfigError } from '../../errors.ts';
import { Features } from '../features/features.ts';
import { ModelError } from '../model-error.ts';

/** Rows, and how they become numbers. Features that are not complete are completed from the rows. */
export interface TrainingRows<Row extends object> {
  readonly features: Features<Row>;
  readonly rows: readonly Row[];
  /** The value to predict, by row: a number, or 0 and 1. */
  readonly labels: ArrayLike<number>;
}

/** Numbers only: those of the first row, then of the next; NaN is a missing value. */
export interface TrainingNumbers {
  readonly columns: readonly string[];
  readonly numbers: Float32Array;
  readonly labels: ArrayLike<number>;
}

export type TrainingData<Row extends object> = TrainingRows<Row> | TrainingNumbers;

/** Training data as numbers, checked. */
export interface TableOfNumbers {
  readonly rows: number;
  readonly columns: readonly string[];
  /** Row after row. */
  readonly numbers: Float32Array;
  readonly labels: Float32Array;
}

export interface Table<Row extends object = object> extends TableOfNumbers {
  /** Fitted. */
  readonly features: Features<Row> | undefined;
}

/** @throws ConfigError when a row does not fit its features, or the lengths differ; it names the row, from 0 */
export function tableOf<Row extends object>(data: TrainingData<Row>): Table<Row> {
  const labels = Float32Array.from(data.labels);
  const rows = labels.length;
  if (rows === 0) throw new ConfigError('there are no rows to train on');
  const strange = labels.findIndex((label) => !Number.isFinite(label));
  if (strange >= 0) throw new ConfigError(`the label of row ${strange} is ${data.labels[strange]}, and must be a finite number`);
  const table = 'features' in data ? encoded(data, rows) : data;
  const { numbers, columns } = table;
  if (columns.length === 0) throw new ConfigError('there are no columns to train on');
  if (numbers.length !== rows * columns.length)
    throw new ConfigError(`${rows} labels and ${columns.length} columns need ${rows * columns.length} numbers, got ${numbers.length}`);
  const infinite = numbers.findIndex((number) => Math.abs(number) === Number.POSITIVE_INFINITY);
  if (infinite >= 0)
    throw new ConfigError(
      `row ${Math.floor(infinite / columns.length)} has ${numbers[infinite]} in column ${JSON.stringify(columns[infinite % columns.length])}: numbers must be finite in 32 bits`,
    );
  return { rows, columns, numbers, labels, features: table instanceof Object && 'features' in table ? table.features : undefined };
}

interface Encoded<Row extends object> {
  readonly features: Features<Row>;
  readonly columns: readonly string[];
  readonly numbers: Float32Array;
}

function encoded<Row extends object>({ features, rows }: TrainingRows<Row>, labels: number): Encoded<Row> {
  if (!(features instanceof Features)) throw new ConfigError('features must be made by features({ ... })');
  if (rows.length !== labels) throw new ConfigError(`there are ${rows.length} rows and ${labels} labels`);
  const fitted = features.isFitted ? features : features.fit(rows);
  const { columns } = fitted;
  const numbers = new Float32Array(rows.length * columns.length);
  rows.forEach((row, at) => {
    try {
      fitted.write(row, numbers, at * columns.length);
    } catch (error) {
      if (error instanceof ModelError) throw new ConfigError(`row ${at}: ${error.message}`, { cause: error });
      throw error;
    }
  });
  return { features: fitted, columns, numbers };
}

/** Returns the rows with these numbers, in their order. */
export function rowsOf(table: TableOfNumbers, rows: Int32Array): TableOfNumbers {
  const width = table.columns.length;
  const numbers = new Float32Array(rows.length * width);
  rows.forEach((row, at) => {
    numbers.set(table.numbers.subarray(row * width, (row + 1) * width), at * width);
  });
  return { columns: table.columns, rows: rows.length, numbers, labels: Float32Array.from(rows, (row) => table.labels[row] ?? 0) };
}

/** @throws ConfigError when labels are not 0 and 1 */
export function checkFlags(labels: Float32Array): void {
  const strange = labels.findIndex((label) => label !== 0 && label !== 1);
  if (strange >= 0) throw new ConfigError(`the label of row ${strange} is ${labels[strange]}, and must be 0 or 1`);
}

/** @throws ConfigError when labels are not 0 and 1, or all the same */
export function checkBinary(labels: Float32Array): void {
  checkFlags(labels);
  if (labels.every((label) => label === labels[0]))
    throw new ConfigError(`all labels are ${labels[0]}: there is nothing to learn`, { next: 'Train on rows of both classes.' });
}

/** Returns the weight of a row with label 1: the given one, or the one with which both classes weigh the same. */
export function positiveWeightOf(labels: Float32Array, given: number | 'balanced'): number {
  if (given !== 'balanced') return given;
  const positive = labels.reduce((sum, label) => sum + label, 0);
  return (labels.length - positive) / positive;
}
