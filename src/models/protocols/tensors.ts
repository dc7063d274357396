import { shown } from '../http/json.ts';
import { Misfit } from '../http/misfit.ts';
import { ModelError, type RowOutcome } from '../model-error.ts';
import { isRecord } from '../record.ts';

/** An output of an answer, checked. */
interface OutputTensor {
  readonly name: string;
  readonly rows: number;
  /** The shape of a row's values. */
  readonly inner: readonly number[];
  /** In row-major order. */
  readonly values: readonly unknown[];
}

/** Returns rows that are lists of one length as shape and data in row-major order. */
export function flatTensor(rows: readonly unknown[]): { shape: [number, number]; data: unknown[] } {
  const [first] = rows;
  const width = Array.isArray(first) ? first.length : 0;
  const lists = rows.filter((row): row is unknown[] => Array.isArray(row) && row.length === width && width > 0);
  if (lists.length === rows.length) return { shape: [rows.length, width], data: lists.flat() };
  const bad = rows.flatMap((row, at) => (Array.isArray(row) && row.length === width && width > 0 ? [] : [at]));
  const message = `row ${bad[0]} is not a list of as many values as the first, ${width}: ${shown(rows[bad[0] ?? 0])}`;
  throw new ModelError('REFUSED', message, { rows: bad });
}

/** Returns one outcome per row from the outputs of an answer: of the wanted output, of the only one, or of all by name. */
export function outcomesOf(body: unknown, count: number, wanted: string | undefined): Array<RowOutcome<unknown>> {
  const outputs = isRecord(body) ? body.outputs : undefined;
  if (!Array.isArray(outputs) || outputs.length === 0) throw new Misfit(`must answer an object with "outputs", got ${shown(outputs)}`);
  const chosen = wanted === undefined ? outputs : [named(outputs, wanted)];
  const tensors = chosen.map((output) => tensorOf(output, count));
  const [only, ...others] = tensors;
  if (only !== undefined && others.length === 0) return perRow(only).map((answer) => ({ answer }));
  const columns = tensors.map((tensor) => [tensor.name, perRow(tensor)] as const);
  return Array.from({ length: count }, (_, at) => ({ answer: Object.fromEntries(columns.map(([name, rows]) => [name, rows[at]])) }));
}

function named(outputs: readonly unknown[], wanted: string): unknown {
  const names = outputs.map((output) => (isRecord(output) ? output.name : undefined));
  const at = names.indexOf(wanted);
  if (at >= 0) return outputs[at];
  throw new Misfit(`answered no output "${wanted}", but ${names.map((name) => JSON.stringify(name)).join(', ')}`);
}

/**
 * Data may be flat or nested; the shape says how many values a row has. MLServer and KServe write null among numbers for a prediction that
 * is not a number.
 */
function tensorOf(output: unknown, count: number): OutputTensor {
  const { name, shape, datatype, data } = isRecord(output) ? output : {};
  if (!Array.isArray(shape) || !Array.isArray(data)) throw new Misfit(`answered the output "${String(name)}" without shape or data`);
  const [rows = 1, ...inner] = shape.map(Number);
  if (rows !== count) throw new Misfit(`was asked ${count} rows and answered ${rows} in "${String(name)}"`);
  const flat: unknown[] = data.flat(Number.POSITIVE_INFINITY);
  const values = datatype === 'BYTES' ? flat : flat.map((value) => value ?? Number.NaN);
  const tensor = { name: String(name), rows, inner, values };
  if (values.length !== rows * sizeOf(inner))
    throw new Misfit(`answered ${values.length} values in "${tensor.name}" for the shape ${shown(shape)}`);
  return tensor;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}

function perRow({ rows, inner, values }: OutputTensor): readonly unknown[] {
  const width = sizeOf(inner);
  if (width === 1) return values;
  return Array.from({ length: rows }, (_, at) => nested(values.slice(at * width, (at + 1) * width), inner));
}

/** Returns a row's values as lists within lists; dimensions of length 1 are left out. */
function nested(values: readonly unknown[], shape: readonly number[]): unknown {
  const [outer, ...inner] = shape.filter((length) => length !== 1);
  if (outer === undefined || inner.length === 0) return values;
  const size = values.length / outer;
  return Array.from({ length: outer }, (_, at) => nested(values.slice(at * size, (at + 1) * size), inner));
}
