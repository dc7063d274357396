import { type HttpModelOptions, httpModel } from '../http/http-model.ts';
import { writeJson } from '../http/json.ts';
import type { Protocol } from '../http/protocol.ts';
import type { Model } from '../model.ts';
import type { AnyRecord } from '../record.ts';
import { listedOrColumns } from './answers.ts';
import { columnsOf } from './columns-of.ts';

export interface ColumnsOptions {
  /** The columns to send, in order. @default those of the first row of a batch, which all its rows must have, and no more */
  readonly columns?: readonly string[] | undefined;
}

export interface HttpColumnsOptions<Answer> extends HttpModelOptions<Answer>, ColumnsOptions {}

/** `{ a: [1, 2] }` for `[answer, answer]`, or for an object of such lists. */
export function columnsProtocol<Row>({ columns }: ColumnsOptions = {}): Protocol<Row> {
  return {
    name: 'columns',
    encode: (rows) => ({ body: writeJson(columnsOf(rows, columns), { rows }) }),
    decode: (body, count) => listedOrColumns(body, count),
  };
}

/**
 * A model behind `POST url` that takes an object of columns, `{ "year": [2017, 2019], ... }`, and answers a list with one entry
 * per row, or an object of lists (a row's answer is then an object). A row that lacks a column is refused before it is sent.
 *
 * It has no health check unless `healthPath` names one. For errors see `httpModel`.
 */
export function columns<Row extends object = AnyRecord, Answer = number>(
  url: string | URL,
  options: HttpColumnsOptions<Answer> = {},
): Model<Row, Answer> {
  const { columns: names, ...rest } = options;
  return httpModel<Row, Answer>(columnsProtocol<Row>({ columns: names }), url, rest);
}
