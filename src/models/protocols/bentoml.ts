import { ConfigError } from '../../errors.ts';
import { type HttpModelOptions, httpModel } from '../http/http-model.ts';
import { writeJson } from '../http/json.ts';
import type { Protocol } from '../http/protocol.ts';
import type { Model } from '../model.ts';
import { listedOrColumns } from './answers.ts';
import { columnsOf } from './columns-of.ts';

export interface BentomlOptions {
  /** The service's route: the method's name, or its `route`. @default '/predict' */
  readonly route?: string | undefined;
  /**
   * Name of the method's parameter: the body is `{ [parameter]: value }`.
   * @default none: the body is the value itself, as for a positional-only parameter
   */
  readonly parameter?: string | undefined;
  /** The form of the value: a list of rows (also an array of numbers, or data frame records), or an object of columns. @default 'rows' */
  readonly form?: 'rows' | 'columns' | undefined;
  /** With `form: 'columns'`, the columns to send. @default those of the first row */
  readonly columns?: readonly string[] | undefined;
}

export interface HttpBentomlOptions<Answer> extends HttpModelOptions<Answer>, BentomlOptions {}

/** BentoML 1.4 over JSON: https://docs.bentoml.com/en/latest/build-with-bentoml/iotypes.html */
export function bentomlProtocol<Row>(options: BentomlOptions = {}): Protocol<Row> {
  const { route = '/predict', parameter, form = 'rows', columns } = options;
  const problems: string[] = [];
  if (!route.startsWith('/')) problems.push(`http.bentoml: route must begin with "/", got ${JSON.stringify(route)}`);
  if (form !== 'rows' && form !== 'columns') problems.push(`http.bentoml: form must be 'rows' or 'columns', got ${JSON.stringify(form)}`);
  if (columns !== undefined && form !== 'columns') problems.push("http.bentoml: columns are for form: 'columns'");
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    name: 'bentoml',
    health: '/readyz',
    namesRows: form === 'rows',
    encode(rows) {
      const value = form === 'rows' ? rows : columnsOf(rows, columns);
      return { path: route, body: writeJson(parameter === undefined ? value : { [parameter]: value }, { rows }) };
    },
    decode: (body, count) => listedOrColumns(body, count),
  };
}

/** A BentoML 1.4 service at `url`, as http://127.0.0.1:3000. For errors see `httpModel`. */
export function bentoml<Row = unknown, Answer = number>(url: string | URL, options: HttpBentomlOptions<Answer> = {}): Model<Row, Answer> {
  const { route, parameter, form, columns, ...rest } = options;
  return httpModel<Row, Answer>(bentomlProtocol<Row>({ route, parameter, form, columns }), url, rest);
}
