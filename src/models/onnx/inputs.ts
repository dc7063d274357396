import { ConfigError } from '../../errors.ts';
import { ModelError } from '../model-error.ts';
import type { RowWriter } from '../worker/scorer.ts';
import type { OnnxRuntime, OnnxTensor, OnnxValue } from './runtime.ts';

type Feeds = Readonly<Record<string, OnnxTensor>>;

/** What an input takes of a row. */
export interface Input {
  readonly name: string;
  readonly isText: boolean;
  /** Numbers of a row. */
  readonly width: number;
}

/** @throws ConfigError for an input that is neither numbers in 32 bits nor texts, or has no shape of rows */
export function inputsOf(metadata: readonly OnnxValue[]): Input[] {
  return metadata.map(({ name, isTensor, type, shape = [] }) => {
    const width = shape.length === 1 ? 1 : shape[1];
    const isText = type === 'string';
    if (
      !isTensor ||
      (!isText && type !== 'float32') ||
      shape.length > 2 ||
      typeof width !== 'number' ||
      width < 1 ||
      (isText && width !== 1)
    )
      throw new ConfigError(
        `the model's input ${JSON.stringify(name)} is ${type ?? 'no tensor'} [${shape.join(', ')}]; float32 [rows, columns] and string [rows, 1] are supported`,
      );
    return { name, isText, width };
  });
}

/** One matrix: a row is what `writer` makes of it. */
export function matrix(runtime: OnnxRuntime, input: Input, numbers: Float32Array, rows: number): Feeds {
  return { [input.name]: new runtime.Tensor('float32', numbers, [rows, input.width]) };
}

/** A column for each input, by the names of a row's fields. */
export function columns(runtime: OnnxRuntime, inputs: readonly Input[], rows: readonly Readonly<Record<string, unknown>>[]): Feeds {
  return Object.fromEntries(
    inputs.map((input) => {
      const values = rows.map((row) => row[input.name]);
      const data = input.isText
        ? (values as string[])
        : Float32Array.from(values, (value) => (value === null ? Number.NaN : Number(value)));
      return [input.name, new runtime.Tensor(input.isText ? 'string' : 'float32', data, [rows.length, 1])];
    }),
  );
}

/** @throws ModelError `REFUSED` that names the first field that does not fit */
export function checkRow(inputs: readonly Input[], row: unknown): void {
  if (typeof row !== 'object' || row === null)
    throw new ModelError('REFUSED', `a row must be an object with the fields ${inputs.map(({ name }) => name).join(', ')}`);
  for (const { name, isText } of inputs) {
    const value = (row as Record<string, unknown>)[name];
    const fits = isText
      ? typeof value === 'string'
      : value === null ||
        typeof value === 'boolean' ||
        (typeof value === 'number' && Math.abs(Math.fround(value)) !== Number.POSITIVE_INFINITY);
    if (!fits)
      throw new ModelError(
        'REFUSED',
        `the field ${JSON.stringify(name)} must be ${isText ? 'a text' : 'a finite number or null'}, got ${JSON.stringify(value)?.slice(0, 60)}`,
        { field: name },
      );
  }
}

/** Rows as lists of numbers. */
export function listWriter(width: number): RowWriter<object> {
  return {
    write(row, into, at) {
      const list = row as ArrayLike<number | null>;
      if (!(Array.isArray(row) || ArrayBuffer.isView(row)) || list.length !== width)
        throw new ModelError('REFUSED', `a row must be a list of ${width} numbers`);
      for (let j = 0; j < width; j++) {
        const value = list[j] as number | null;
        if (value !== null && (typeof value !== 'number' || Math.abs(Math.fround(value)) === Number.POSITIVE_INFINITY))
          throw new ModelError('REFUSED', `feature ${j} must be a finite number or null, got ${JSON.stringify(value)?.slice(0, 60)}`, {
            field: String(j),
          });
        into[at + j] = value ?? Number.NaN;
      }
    },
  };
}
