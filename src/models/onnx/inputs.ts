import { ConfigError } from '../../errors.ts';
import { ModelError } from '../model-error.ts';
import { type AnyRecord, isList, isRecord, valueOf } from '../record.ts';
import type { RowWriter } from '../worker/scorer.ts';
import type { Feeds, OnnxRuntime, OnnxValue } from './runtime.ts';

/** One input of the model. */
export interface Input {
  readonly name: string;
  readonly isText: boolean;
  /** Numbers of a row. */
  readonly width: number;
}

/** @throws ConfigError for an input that is neither numbers in 32 bits nor strings, or has no shape of rows */
export function inputsOf(metadata: readonly OnnxValue[]): Input[] {
  return metadata.map(({ name, isTensor, type, shape = [] }) => {
    const width = shape.length === 1 ? 1 : shape[1];
    const isText = type === 'string';
    const isKnown = isTensor && (isText || type === 'float32') && shape.length <= 2;
    if (!isKnown || typeof width !== 'number' || width < 1 || (isText && width !== 1))
      throw new ConfigError(
        `the model's input ${JSON.stringify(name)} is ${type ?? 'no tensor'} [${shape.join(', ')}]; float32 [rows, columns] and string [rows, 1] are supported`,
      );
    return { name, isText, width };
  });
}

/** Returns the rows as one matrix. */
export function matrix(runtime: OnnxRuntime, input: Input, numbers: Float32Array, rows: number): Feeds {
  return { [input.name]: new runtime.Tensor('float32', numbers, [rows, input.width]) };
}

/** Returns a column for each input, by the names of a row's fields. */
export function columns(runtime: OnnxRuntime, inputs: readonly Input[], rows: readonly AnyRecord[]): Feeds {
  return Object.fromEntries(
    inputs.map(({ name, isText }) => {
      const values = rows.map((row) => valueOf(row, name));
      const data = isText ? values.map(String) : Float32Array.from(values, (value) => (value === null ? Number.NaN : Number(value)));
      return [name, new runtime.Tensor(isText ? 'string' : 'float32', data, [rows.length, 1])];
    }),
  );
}

/**
 * Returns the row, with a value for each input.
 *
 * @throws ModelError `REFUSED` that names the first field that does not fit
 */
export function recordOf(inputs: readonly Input[], row: unknown): AnyRecord {
  if (!isRecord(row))
    throw new ModelError('REFUSED', `a row must be an object with the fields ${inputs.map(({ name }) => name).join(', ')}`);
  for (const { name, isText } of inputs) {
    const value = valueOf(row, name);
    if (isText ? typeof value === 'string' : typeof value === 'boolean' || isNumber(value)) continue;
    const message = `the field ${JSON.stringify(name)} must be ${isText ? 'a string' : 'a finite number or null'}, got ${shown(value)}`;
    throw new ModelError('REFUSED', message, { field: name });
  }
  return row;
}

/** Writes rows that are lists of numbers. */
export function listWriter(width: number): RowWriter<object> {
  return {
    write(row, into, at) {
      if (!isList(row) || row.length !== width) throw new ModelError('REFUSED', `a row must be a list of ${width} numbers`);
      for (let j = 0; j < width; j++) {
        const value = row[j];
        if (!isNumber(value))
          throw new ModelError('REFUSED', `feature ${j} must be a finite number or null, got ${shown(value)}`, { field: String(j) });
        into[at + j] = value ?? Number.NaN;
      }
    },
  };
}

/** True for null, which is a missing value, and for numbers that are finite in 32 bits, or NaN. */
function isNumber(value: unknown): value is number | null {
  return value === null || (typeof value === 'number' && Math.abs(Math.fround(value)) !== Number.POSITIVE_INFINITY);
}

function shown(value: unknown): string | undefined {
  return JSON.stringify(value)?.slice(0, 60);
}
