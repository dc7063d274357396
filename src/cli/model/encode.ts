import { type Features, ModelError } from '../../models/index.ts';
import { type Columns, type TypedRow, typedRow } from './cells.ts';
import type { BadRow, DataRow } from './csv-data.ts';
import { labelOf, type Task } from './target.ts';

/** A row that can be scored or trained on. */
export interface LabelledRow {
  readonly line: number;
  readonly row: TypedRow;
  readonly label: number;
}

/** Rows with their labels; those that do not fit go to `bad`. */
export function labelled(rows: readonly DataRow[], columns: Columns, target: string, task: Task, bad: BadRow[]): LabelledRow[] {
  const usable: LabelledRow[] = [];
  for (const data of rows) {
    const { line } = data;
    const label = labelOf(data, target, task);
    const row = typedRow(data, columns);
    if (typeof label === 'string') bad.push({ line, message: label });
    else if (typeof row === 'string') bad.push({ line, message: row });
    else usable.push({ line, row, label });
  }
  return usable;
}

export interface EncodeOptions {
  /** Must every column have a number, as for a linear model? */
  readonly isComplete: boolean;
}

/** Those of the rows that the features take; the others go to `bad`. */
export function encodable(
  rows: readonly LabelledRow[],
  features: Features<TypedRow>,
  bad: BadRow[],
  { isComplete }: EncodeOptions,
): LabelledRow[] {
  const { columns } = features;
  const numbers = new Float32Array(columns.length);
  return rows.filter(({ line, row }) => {
    try {
      features.write(row, numbers, 0);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      bad.push({ line, message: error.message });
      return false;
    }
    const infinite = numbers.findIndex((number) => Math.abs(number) === Number.POSITIVE_INFINITY);
    if (infinite >= 0) {
      bad.push({ line, message: `the column ${JSON.stringify(columns[infinite])} must be finite in 32 bits` });
      return false;
    }
    const missing = isComplete ? numbers.findIndex(Number.isNaN) : -1;
    if (missing >= 0)
      bad.push({ line, message: `the column ${JSON.stringify(columns[missing])} is missing, which a linear model has no answer to` });
    return missing < 0;
  });
}
