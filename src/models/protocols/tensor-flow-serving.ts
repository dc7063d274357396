import { ConfigError } from '../../errors.ts';
import { type HttpModelOptions, httpModel } from '../http/http-model.ts';
import { writeJson } from '../http/json.ts';
import type { Protocol } from '../http/protocol.ts';
import type { Model } from '../model.ts';
import { isRecord } from '../record.ts';
import { listed, listedOrColumns, member } from './answers.ts';
import { columnsOf } from './columns-of.ts';

export interface KserveV1Options {
  /** The model's name on the server. */
  readonly model: string;
}

export interface TensorFlowServingOptions extends KserveV1Options {
  /** @default the server's */
  readonly version?: string | number | undefined;
  /** The server's label for a version, in place of a version. @default none */
  readonly label?: string | undefined;
  /** @default the model's own */
  readonly signature?: string | undefined;
  /** `row`: `instances`, answered by `predictions`; `column`: `inputs`, answered by `outputs`. @default 'row' */
  readonly format?: 'row' | 'column' | undefined;
}

export interface HttpKserveV1Options<Answer> extends HttpModelOptions<Answer>, KserveV1Options {}
export interface HttpTensorFlowServingOptions<Answer> extends HttpModelOptions<Answer>, TensorFlowServingOptions {}

/**
 * TensorFlow Serving's REST API: https://www.tensorflow.org/tfx/serving/api_rest
 *
 * @param tokens write `NaN` and `Infinity` as bare tokens, which that API reads ("JSON conformance" there)
 */
export function tensorFlowServingProtocol<Row>(options: TensorFlowServingOptions, tokens = true): Protocol<Row> {
  const { model, version, label, signature, format = 'row' } = options;
  const problems: string[] = [];
  if (typeof model !== 'string' || model === '') problems.push('http.tensorFlowServing: model must be the name of a model');
  if (version !== undefined && label !== undefined) problems.push('http.tensorFlowServing: give a version or a label, not both');
  if (format !== 'row' && format !== 'column')
    problems.push(`http.tensorFlowServing: format must be 'row' or 'column', got ${String(format)}`);
  if (problems.length > 0) throw new ConfigError(problems);
  const at = version === undefined ? (label === undefined ? '' : `/labels/${encodeURIComponent(label)}`) : `/versions/${version}`;
  const health = `/v1/models/${encodeURIComponent(model)}${at}`;
  const named = signature === undefined ? {} : { signature_name: signature };
  const isRow = format === 'row';
  return {
    name: 'tensorFlowServing',
    health,
    encode(rows) {
      const value = isRow ? { instances: rows } : { inputs: inputsOf(rows) };
      return { path: `${health}:predict`, body: writeJson({ ...named, ...value }, { rows, tokens }) };
    },
    decode: (body, count) =>
      isRow
        ? listed(member(body, 'predictions'), count, 'predictions as a list')
        : listedOrColumns(member(body, 'outputs'), count, 'outputs as a list'),
  };
}

function inputsOf(rows: readonly unknown[]): unknown {
  return isRecord(rows[0]) ? columnsOf(rows) : rows;
}

/** KServe's v1 protocol, TensorFlow Serving's row form: https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol */
export function kserveV1Protocol<Row>({ model }: KserveV1Options): Protocol<Row> {
  if (typeof model !== 'string' || model === '') throw new ConfigError('http.kserveV1: model must be the name of a model');
  return { ...tensorFlowServingProtocol<Row>({ model }, false), name: 'kserveV1' };
}

/** A TensorFlow Serving at `url`, as http://127.0.0.1:8501. For errors see `httpModel`. */
export function tensorFlowServing<Row = unknown, Answer = number>(
  url: string | URL,
  options: HttpTensorFlowServingOptions<Answer>,
): Model<Row, Answer> {
  const { model, version, label, signature, format, ...rest } = options;
  return httpModel<Row, Answer>(tensorFlowServingProtocol<Row>({ model, version, label, signature, format }), url, rest);
}

/** A KServe v1 server at `url`, as http://127.0.0.1:8080. For errors see `httpModel`. */
export function kserveV1<Row = unknown, Answer = number>(url: string | URL, options: HttpKserveV1Options<Answer>): Model<Row, Answer> {
  const { model, ...rest } = options;
  return httpModel<Row, Answer>(kserveV1Protocol<Row>({ model }), url, rest);
}
