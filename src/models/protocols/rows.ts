import { type HttpModelOptions, httpModel } from '../http/http-model.ts';
import { writeJson } from '../http/json.ts';
import { Misfit } from '../http/misfit.ts';
import type { Protocol } from '../http/protocol.ts';
import type { Model } from '../model.ts';
import { listed } from './answers.ts';

export interface RowsOptions {
  /** One row per call: an object goes out and an object comes back. @default false: a list goes out and a list comes back */
  readonly single?: boolean | undefined;
}

export interface HttpRowsOptions<Answer> extends HttpModelOptions<Answer>, RowsOptions {}

/** `[row, row]` for `[answer, answer]`, or `row` for `answer` one at a time. */
export function rowsProtocol<Row>({ single = false }: RowsOptions = {}): Protocol<Row> {
  return {
    name: 'rows',
    maxRows: single ? 1 : undefined,
    namesRows: !single,
    encode: (rows) => ({ body: writeJson(single ? rows[0] : rows, { rows }) }),
    decode(body, count) {
      if (single) return [{ answer: body }];
      if (count === 1 && !Array.isArray(body)) throw oneForOne(body);
      return listed(body, count);
    },
  };
}

function oneForOne(body: unknown): Misfit {
  return new Misfit(
    `must answer a list of 1, got ${JSON.stringify(body)?.slice(0, 120)}`,
    'If the server takes one row per call, set `single: true`.',
  );
}

/**
 * A model behind `POST url` with rows as JSON objects.
 *
 * - list form (default): body `[row, row, ...]`, answer `[answer, answer, ...]`, one for each row and in the same order.
 * - `single: true`: body `row`, answer `answer`, one row per call: what a plain FastAPI `POST /predict` takes.
 *
 * It has no health check unless `healthPath` names one. For errors see `httpModel`.
 */
export function rows<Row = unknown, Answer = Record<string, unknown>>(
  url: string | URL,
  options: HttpRowsOptions<Answer> = {},
): Model<Row, Answer> {
  const { single, ...rest } = options;
  return httpModel<Row, Answer>(rowsProtocol<Row>({ single }), url, rest);
}
