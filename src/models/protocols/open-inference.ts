import { ConfigError } from '../../errors.ts';
import { type HttpModelOptions, httpModel } from '../http/http-model.ts';
import { writeJson } from '../http/json.ts';
import type { Protocol } from '../http/protocol.ts';
import type { Model } from '../model.ts';
import { columnsOf } from './columns-of.ts';
import { type Datatype, isDatatype } from './datatype.ts';
import { flatTensor, outcomesOf } from './tensors.ts';

export interface OpenInferenceOptions {
  /** The model's name on the server. */
  readonly model: string;
  /** @default the server's */
  readonly version?: string | number | undefined;
  /** Rows are lists of numbers (or strings), all of one length, and go out as one tensor `[rows, length]`. */
  readonly tensor?: { readonly name: string; readonly datatype: Datatype } | undefined;
  /** Rows are objects, and every entry goes out as a tensor `[rows, 1]` of its own: name to datatype, in order. */
  readonly columns?: Readonly<Record<string, Datatype>> | undefined;
  /** Parameters of the request, as `{ content_type: 'pd' }` for MLServer's data frames. @default none */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  /** The output that is the answer, by name; it alone is requested. @default the only one, else all of them as an object by name */
  readonly output?: string | undefined;
}

export interface HttpOpenInferenceOptions<Answer> extends HttpModelOptions<Answer>, OpenInferenceOptions {}

/** Open Inference Protocol v2 over JSON: https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md */
export function openInferenceProtocol<Row>(options: OpenInferenceOptions): Protocol<Row> {
  check(options);
  const { model, version, parameters, output } = options;
  const base = `/v2/models/${encodeURIComponent(model)}${version === undefined ? '' : `/versions/${version}`}`;
  const more = {
    ...(parameters === undefined ? {} : { parameters }),
    ...(output === undefined ? {} : { outputs: [{ name: output }] }),
  };
  return {
    name: 'openInference',
    health: `${base}/ready`,
    encode: (rows) => ({ path: `${base}/infer`, body: writeJson({ ...more, inputs: inputsOf(options, rows) }, { rows }) }),
    decode: (body, count) => outcomesOf(body, count, output),
  };
}

function inputsOf({ tensor, columns = {} }: OpenInferenceOptions, rows: readonly unknown[]): unknown[] {
  if (tensor !== undefined) return [{ ...tensor, ...flatTensor(rows) }];
  const names = Object.keys(columns);
  const values = columnsOf(rows, names);
  return names.map((name) => ({ name, shape: [rows.length, 1], datatype: columns[name], data: values[name] }));
}

function check({ model, tensor, columns }: OpenInferenceOptions): void {
  const problems: string[] = [];
  if (typeof model !== 'string' || model === '') problems.push('model must be the name of a model');
  if ((tensor === undefined) === (columns === undefined))
    problems.push('give either `tensor` (rows are lists) or `columns` (rows are objects)');
  const types = tensor === undefined ? Object.values(columns ?? {}) : [tensor.datatype];
  for (const type of types) if (!isDatatype(type)) problems.push(`there is no datatype ${JSON.stringify(type)}`);
  if (columns !== undefined && types.length === 0) problems.push('columns must name at least one');
  if (problems.length > 0) throw new ConfigError(problems.map((problem) => `http.openInference: ${problem}`));
}

/**
 * A server of the Open Inference Protocol v2 (KServe, MLServer, Triton, Seldon Core 2, OpenVINO) at `url`, as
 * http://127.0.0.1:8080. An output `[n]` or `[n, 1]` gives a value per row, `[n, m]` a list. For errors see `httpModel`.
 */
export function openInference<Row = unknown, Answer = number>(
  url: string | URL,
  options: HttpOpenInferenceOptions<Answer>,
): Model<Row, Answer> {
  const { model, version, tensor, columns, parameters, output, ...rest } = options;
  return httpModel<Row, Answer>(openInferenceProtocol<Row>({ model, version, tensor, columns, parameters, output }), url, rest);
}
