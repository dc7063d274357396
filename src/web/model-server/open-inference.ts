import type { Desk, Scored } from './desk.ts';
import type { ServedShape } from './options.ts';
import { Problem } from './problem.ts';

/** One input of a request, as the protocol has it; data flat or nested, row by row. */
interface InputTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly data: readonly unknown[];
}

const OUTPUT = 'predict';

/**
 * `POST /v2/models/NAME/infer` of the Open Inference Protocol v2. One input `[n, m]` is the rows as lists; else every input is a
 * column, `[n]` or `[n, 1]`, named as its field. (Of a model that is known to have no names, one input is lists in any case.) The only output is `predict`, `[n, k]` in FP64.
 *
 * @throws Problem
 */
export async function infer(
  desk: Desk,
  body: unknown,
  { gone, columns }: Pick<ServedShape, 'columns'> & { readonly gone: AbortSignal },
): Promise<{ readonly body: object; readonly scored: Scored }> {
  const { id, inputs, outputs } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  checkOutputs(outputs);
  const rows = rowsOf(inputs, columns?.size !== 0);
  const scored = await desk.score(rows, gone);
  const values = scored.answers.map((answer) => (Array.isArray(answer) ? answer : [answer]) as unknown[]);
  if (!values.flat().every((value) => typeof value === 'number')) throw new Problem(500, 'the model does not answer numbers');
  const width = values[0]?.length ?? 1;
  const output = { name: OUTPUT, shape: [rows.length, width], datatype: 'FP64', data: values.flat() };
  return { body: { ...(id === undefined ? {} : { id }), outputs: [output] }, scored };
}

/** `GET /v2/models/NAME`. */
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
  const unknown = outputs.find((output) => (output as { name?: unknown } | null)?.name !== OUTPUT);
  if (unknown !== undefined)
    throw new Problem(400, `there is no output ${JSON.stringify((unknown as { name?: unknown })?.name)}: the only one is "${OUTPUT}"`);
}

function rowsOf(inputs: unknown, isNamed: boolean): unknown[] {
  if (!Array.isArray(inputs) || inputs.length === 0) throw new Problem(400, 'the request must have "inputs", a list of tensors');
  const tensors = inputs.map(tensorOf);
  const [first] = tensors as [InputTensor & { readonly values: readonly unknown[] }];
  const count = first.shape[0] as number;
  const other = tensors.find(({ shape }) => shape[0] !== count);
  if (other !== undefined) throw new Problem(422, `the input "${other.name}" has ${other.shape[0]} rows, and "${first.name}" has ${count}`);
  const width = first.shape[1] ?? 1;
  if (tensors.length === 1 && (width > 1 || !isNamed))
    return Array.from({ length: count }, (_, at) => first.values.slice(at * width, (at + 1) * width));
  const wide = tensors.find(({ shape }) => (shape[1] ?? 1) !== 1);
  if (wide !== undefined) throw new Problem(422, `the input "${wide.name}" has ${wide.shape[1]} columns beside other inputs`);
  return Array.from({ length: count }, (_, at) => Object.fromEntries(tensors.map(({ name, values }) => [name, values[at]])));
}

function tensorOf(input: unknown): InputTensor & { readonly values: readonly unknown[] } {
  const { name, shape, datatype, data } = (input ?? {}) as Partial<InputTensor>;
  if (typeof name !== 'string') throw new Problem(400, 'an input has no name');
  if (typeof datatype !== 'string') throw new Problem(400, `the input "${name}" has no datatype`);
  const isShape =
    Array.isArray(shape) && shape.length >= 1 && shape.length <= 2 && shape.every((size) => Number.isInteger(size) && size >= 0);
  if (!isShape) throw new Problem(400, `the input "${name}" must have the shape [rows] or [rows, columns], got ${JSON.stringify(shape)}`);
  if (!Array.isArray(data)) throw new Problem(400, `the input "${name}" has no data`);
  const values = data.flat(2) as unknown[];
  const size = shape.reduce((product, length) => product * length, 1);
  if (values.length !== size)
    throw new Problem(400, `the input "${name}" has ${values.length} values for the shape ${JSON.stringify(shape)}`);
  return { name, shape, datatype, data, values };
}
