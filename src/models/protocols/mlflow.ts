import { checkValue, oneOf } from '../../options/index.ts';
import { type HttpModelOptions, httpModel } from '../http/http-model.ts';
import { writeJson } from '../http/json.ts';
import type { Protocol } from '../http/protocol.ts';
import type { Model } from '../model.ts';
import { isRecord } from '../record.ts';
import { listedOrColumns, member } from './answers.ts';
import { columnsOf, namesOf, valuesOf } from './columns-of.ts';

/**
 * - `dataframe_split`: the names once, then a list of values per row
 * - `dataframe_records`: a list of objects
 * - `instances`: rows as they are (objects, lists, numbers)
 * - `inputs`: an object of columns; a list of rows when these are lists or plain values
 */
export type MlflowInput = 'dataframe_split' | 'dataframe_records' | 'instances' | 'inputs';

export interface MlflowOptions {
  /** @default 'dataframe_split' */
  readonly input?: MlflowInput | undefined;
  /** The columns, in order; needed for `dataframe_split` when rows are lists. @default those of the first row */
  readonly columns?: readonly string[] | undefined;
  /** Inference parameters of the model's signature, sent with every call. @default none */
  readonly params?: Readonly<Record<string, unknown>> | undefined;
}

export interface HttpMlflowOptions<Answer> extends HttpModelOptions<Answer>, MlflowOptions {}

const INPUTS: readonly string[] = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'];

/** MLflow's scoring server: https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/#input-format */
export function mlflowProtocol<Row>(options: MlflowOptions = {}): Protocol<Row> {
  const { input = 'dataframe_split', columns, params } = options;
  checkValue('http.mlflow: input', oneOf(INPUTS), input);
  return {
    name: 'mlflow',
    health: '/ping',
    encode(rows) {
      const value = inputOf(input, rows, columns);
      return { path: '/invocations', body: writeJson(params === undefined ? { [input]: value } : { [input]: value, params }, { rows }) };
    },
    decode: (body, count) => listedOrColumns(member(body, 'predictions'), count, 'predictions as a list'),
  };
}

function inputOf(input: MlflowInput, rows: readonly unknown[], columns: readonly string[] | undefined): unknown {
  const isNamed = isRecord(rows[0]);
  if (input === 'dataframe_split') {
    if (!isNamed) return { ...(columns === undefined ? {} : { columns }), data: rows };
    const names = namesOf(rows, columns);
    return { columns: names, data: valuesOf(rows, names) };
  }
  return input === 'inputs' && isNamed ? columnsOf(rows, columns) : rows;
}

/** An MLflow model server at `url`, as http://127.0.0.1:5000. For errors see `httpModel`. */
export function mlflow<Row = unknown, Answer = number>(url: string | URL, options: HttpMlflowOptions<Answer> = {}): Model<Row, Answer> {
  const { input, columns, params, ...rest } = options;
  return httpModel<Row, Answer>(mlflowProtocol<Row>({ input, columns, params }), url, rest);
}
