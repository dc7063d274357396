import { shown } from '../http/json.ts';
import { Misfit } from '../http/misfit.ts';
import { ModelError, type RowOutcome } from '../model-error.ts';

const DATATYPES = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
] as const;

/** The protocol's names; `BYTES` are strings. */
export type Datatype = (typeof DATATYPES)[number];

export function isDatatype(value: unknown): value is Datatype {
  return (DATATYPES as readonly unknown[]).includes(value);
}

export interface OutputTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly data: readonly unknown[];
}

/** Rows that are lists of one length, as shape and data in row-major order. */
export function flatTensor(rows: readonly unknown[]): { shape: [number, number]; data: unknown[] } {
  const width = Array.isArray(rows[0]) ? rows[0].length : 0;
  const bad = rows.flatMap((row, at) => (Array.isArray(row) && row.length === width && width > 0 ? [] : [at]));
  if (bad.length > 0)
    throw new ModelError(
      'REFUSED',
      `row ${bad[0]} is not a list of as many values as the first, ${width}: ${shown(rows[bad[0] as number])}`,
      {
        rows: bad,
      },
    );
  return { shape: [rows.length, width], data: (rows as unknown[][]).flat() };
}

/** One outcome per row from the outputs of an answer: of the one that is wanted, of the only one, or of all by name. */
export function outcomesOf(
  outputs: readonly OutputTensor[] | undefined,
  count: number,
  wanted: string | undefined,
): Array<RowOutcome<unknown>> {
  if (!Array.isArray(outputs) || outputs.length === 0) throw new Misfit(`must answer an object with "outputs", got ${shown(outputs)}`);
  const all = outputs as readonly OutputTensor[];
  if (wanted !== undefined) return perRow(named(all, wanted), count);
  if (all.length === 1) return perRow(all[0] as OutputTensor, count);
  const columns = all.map((output) => [output.name, perRow(output, count)] as const);
  return Array.from({ length: count }, (_, at) => joined(columns, at));
}

function named(outputs: readonly OutputTensor[], wanted: string): OutputTensor {
  const output = outputs.find(({ name }) => name === wanted);
  if (output !== undefined) return output;
  throw new Misfit(`answered no output "${wanted}", but ${outputs.map(({ name }) => JSON.stringify(name)).join(', ')}`);
}

function joined(columns: ReadonlyArray<readonly [string, Array<RowOutcome<unknown>>]>, at: number): RowOutcome<unknown> {
  const answer: Record<string, unknown> = {};
  for (const [name, rows] of columns) answer[name] = (rows[at] as { answer: unknown }).answer;
  return { answer };
}

/**
 * Data may be flat or nested; the shape says how many values a row has. A null among numbers is what MLServer and KServe make
 * of a prediction that is not a number.
 */
function perRow({ name, shape, datatype, data }: OutputTensor, count: number): Array<RowOutcome<unknown>> {
  if (!Array.isArray(shape) || !Array.isArray(data)) throw new Misfit(`answered the output "${name}" without shape or data`);
  const [rows = 1, ...inner] = shape as number[];
  if (rows !== count) throw new Misfit(`was asked ${count} rows and answered ${rows} in "${name}"`);
  const values: unknown[] = (data as unknown[]).flat(Number.POSITIVE_INFINITY);
  const flat = datatype === 'BYTES' ? values : values.map((value) => value ?? Number.NaN);
  const width = inner.reduce((size, length) => size * length, 1);
  if (flat.length !== rows * width) throw new Misfit(`answered ${flat.length} values in "${name}" for the shape ${shown(shape)}`);
  if (width === 1) return flat.map((answer) => ({ answer }));
  return Array.from({ length: rows }, (_, at) => ({ answer: nested(flat.slice(at * width, (at + 1) * width), inner) }));
}

function nested(values: unknown[], shape: readonly number[]): unknown {
  const outer = shape.filter((length) => length !== 1);
  if (outer.length <= 1) return values;
  const size = values.length / (outer[0] as number);
  return Array.from({ length: outer[0] as number }, (_, at) => nested(values.slice(at * size, (at + 1) * size), outer.slice(1)));
}
