import { isRecord } from '../../models/record.ts';
import type { Desk, Scored } from './desk.ts';
import type { ServedShape } from './options.ts';
import { Problem } from './problem.ts';

/** One input of a request, checked; values row by row. */
interface InputTensor {
  readonly name: string;
  readonly rows: number;
  /** Values of a row. */
  readonly width: number;
  readonly values: readonly unknown[];
}

const OUTPUT = 'predict';

/**
 * Answers `POST /v2/models/NAME/infer` of the Open Inference Protocol v2. One input `[n, m]` is the rows as lists; else every input is a
 * column, `[n]` or `[n, 1]`, named as its field. (For a model that is known to have no names, one input is always lists.) The only output is
 * `predict`, `[n, k]` in FP64.
 *
 * @throws Problem
 */
export async function infer(
  desk: Desk,
  body: unknown,
  { gone, columns }: Pick<ServedShape, 'columns'> & { readonly gone: AbortSignal },
): Promise<{ readonly body: object; readonly scored: Scored }> {
  const { id, inputs, outputs } = isRecord(body) ? body : {};
  checkOutputs(outputs);
  const rows = rowsOf(inputs, columns?.size !== 0);
  const scored = await desk.score(rows, gone);
  const values = scored.answers.map((answer): unknown[] => (Array.isArray(answer) ? answer : [answer]));
  if (!values.flat().every((value) => typeof value === 'number')) throw new Problem(500, 'the model does not answer numbers');
  const width = values[0]?.length ?? 1;
  const output = { name: OUTPUT, shape: [rows.length, width], datatype: 'FP64', data: values.flat() };
  return { body: { ...(id === undefined ? {} : { id }), outputs: [output] }, scored };
}

/** Answers `GET /v2/models/NAME`. */
export function metadata(name: string, version: string | undefined, { features, columns, answers = 1 }: ServedShape): object {
  const fields = [...(columns ?? [])].map(([field, type]) => ({
    name: field,
    datatype: type === 'text' ? 'BYTES' : 'FP32',
    shape: [-1, 1],
  }));
  const inputs = fields.length > 0 ? fields : [{ name: 'input', datatype: 'FP32', shape: [-1, features ?? -1] }];
  return {
    name,
    ...(version === undefined ? {} : { versions: [version] }),
    platform: 'streamer',
    inputs,
    outputs: [{ name: OUTPUT, datatype: 'FP64', shape: [-1, answers] }],
  };
}

function checkOutputs(outputs: unknown): void {
  if (outputs === undefined) return;
  if (!Array.isArray(outputs)) throw new Problem(400, '"outputs" must be a list');
  const names = outputs.map((output: unknown) => (isRecord(output) ? output.name : undefined));
  const unknown = names.findIndex((name) => name !== OUTPUT);
  if (unknown >= 0) throw new Problem(400, `there is no output ${JSON.stringify(names[unknown])}: the only one is "${OUTPUT}"`);
}

function rowsOf(inputs: unknown, isNamed: boolean): unknown[] {
  const tensors = Array.isArray(inputs) ? inputs.map(tensorOf) : [];
  const [first] = tensors;
  if (first === undefined) throw new Problem(400, 'the request must have "inputs", a list of tensors');
  const { rows, width, values } = first;
  const other = tensors.find((tensor) => tensor.rows !== rows);
  if (other !== undefined) throw new Problem(422, `the input "${other.name}" has ${other.rows} rows, and "${first.name}" has ${rows}`);
  if (tensors.length === 1 && (width > 1 || !isNamed))
    return Array.from({ length: rows }, (_, at) => values.slice(at * width, (at + 1) * width));
  const wide = tensors.find((tensor) => tensor.width !== 1);
  if (wide !== undefined) throw new Problem(422, `the input "${wide.name}" has ${wide.width} columns beside other inputs`);
  return Array.from({ length: rows }, (_, at) => Object.fromEntries(tensors.map((tensor) => [tensor.name, tensor.values[at]])));
}

function tensorOf(input: unknown): InputTensor {
  const { name, shape, datatype, data } = isRecord(input) ? input : {};
  if (typeof name !== 'string') throw new Problem(400, 'an input has no name');
  if (typeof datatype !== 'string') throw new Problem(400, `the input "${name}" has no datatype`);
  const sizes = Array.isArray(shape) ? shape.filter((size) => Number.isInteger(size) && size >= 0).map(Number) : [];
  if (!Array.isArray(shape) || sizes.length !== shape.length || sizes.length === 0 || sizes.length > 2)
    throw new Problem(400, `the input "${name}" must have the shape [rows] or [rows, columns], got ${JSON.stringify(shape)}`);
  if (!Array.isArray(data)) throw new Problem(400, `the input "${name}" has no data`);
  const values: unknown[] = data.flat(2);
  const [rows = 0, width = 1] = sizes;
  if (values.length !== rows * width)
    throw new Problem(400, `the input "${name}" has ${values.length} values for the shape ${JSON.stringify(shape)}`);
  return { name, rows, width, values };
}
