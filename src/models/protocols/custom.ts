import { type HttpModelOptions, httpModel } from '../http/http-model.ts';
import { writeJson } from '../http/json.ts';
import type { HttpAnswer } from '../http/protocol.ts';
import type { Model } from '../model.ts';

export interface CustomQuestion {
  /** Appended to the path of the address. @default '' */
  readonly path?: string | undefined;
  /** @default {} */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** A string is sent as it is, anything else as JSON. */
  readonly body: unknown;
}

export interface HttpCustomOptions<Row, Answer> extends HttpModelOptions<Answer> {
  /** Writes a batch of at least one row. When it throws, the batch counts as refused and is asked in halves. */
  readonly encode: (rows: readonly Row[]) => CustomQuestion;
  /**
   * Reads a 2xx answer to `count` rows: one answer per row, by position; an `Error` for a row that has none.
   * The body is JSON (bare NaN and Infinity are numbers).
   */
  readonly decode: (body: unknown, count: number, answer: HttpAnswer) => ReadonlyArray<unknown>;
  /** Most rows of one call. @default no limit */
  readonly maxRows?: number | undefined;
}

/** A model behind any `POST` with JSON answers. Time-outs, statuses, counts and numbers that are not finite are handled as for every protocol. */
export function custom<Row = unknown, Answer = unknown>(url: string | URL, options: HttpCustomOptions<Row, Answer>): Model<Row, Answer> {
  const { encode, decode, maxRows, ...rest } = options;
  return httpModel<Row, Answer>(
    {
      name: 'custom',
      maxRows,
      encode(rows) {
        const { path, headers, body } = encode(rows);
        return { path, headers, body: typeof body === 'string' ? body : writeJson(body) };
      },
      decode: (body, count, answer) => decode(body, count, answer).map((one) => (one instanceof Error ? { error: one } : { answer: one })),
    },
    url,
    rest,
  );
}
