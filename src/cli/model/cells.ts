import type { ModelAbout } from '../../models/file/index.ts';
import type { FeatureMap } from '../../models/index.ts';
import { numberOf } from '../../models/training/infer.ts';
import type { DataRow } from './csv-data.ts';

/** Of linear models, and of ONNX. */
const TEXTS = new Set(['category', 'text']);

export type TypedRow = Readonly<Record<string, string | number | boolean | null>>;

/** How the cells of a column are read. */
export type Columns = ReadonlyMap<string, 'number' | 'text'>;

/** Fields of numbers are read as such; those of texts stay as they are. */
export function columnsOf(fields: FeatureMap): Columns {
  return new Map(
    Object.entries(fields).map(([field, declared]) => {
      const isText = [declared].flat().every(({ kind }) => kind === 'oneHot' || kind === 'ordinal' || kind === 'lookup');
      return [field, isText ? 'text' : 'number'];
    }),
  );
}

/** What a model without a declaration wants of a row by name; empty when it has no names. */
export function ownColumns({ featureNames = [], featureTypes = [], categories = {} }: ModelAbout): Columns {
  const isText = (name: string, at: number) => TEXTS.has(featureTypes[at] ?? '') || Object.hasOwn(categories, name);
  return new Map(featureNames.map((name, at) => [name, isText(name, at) ? 'text' : 'number']));
}

/** @returns the row as its columns want it, or what is wrong with it */
export function typedRow({ cells }: DataRow, columns: Columns): TypedRow | string {
  const row: Record<string, string | number | boolean | null> = {};
  for (const [name, type] of columns) {
    const cell = cells[name] as string;
    const value = type === 'text' ? cell || null : numberCell(cell);
    if (value === undefined) return `the column ${JSON.stringify(name)} must be a number, got ${JSON.stringify(cell.slice(0, 60))}`;
    row[name] = value;
  }
  return row;
}

function numberCell(cell: string): number | boolean | null | undefined {
  const word = cell.toLowerCase();
  return word === 'true' || word === 'false' ? word === 'true' : numberOf(cell);
}
