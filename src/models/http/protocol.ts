import type { RowOutcome } from '../model-error.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface HttpQuestion {
  /** Appended to the path of the model's address, as `/invocations`. @default '' */
  readonly path?: string | undefined;
  /** Sent beside the headers of the settings, which win. @default {} */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as `application/json` unless `headers` has another type. */
  readonly body: string;
}

/**
 * The wire format of one kind of model server: how a batch of rows is written, and how its answer is read. A protocol has no connection and
 * no state; sockets, time-outs, limits and statuses are handled by its caller (`httpModel`).
 */
export interface Protocol<Row> {
  /** As `openInference`, for messages. */
  readonly name: string;
  /** Most rows of one request. @default no limit */
  readonly maxRows?: number | undefined;
  /** Path to GET, appended to that of the address: a 2xx means that the model is ready. Absent where the protocol has none. */
  readonly health?: string | undefined;
  /** Writes at least one row. Throws a `ModelError` `REFUSED`, with `rows`, when some cannot be written. */
  encode(rows: readonly Row[]): HttpQuestion;
  /**
   * Reads the body of a 2xx answer to `count` rows: one outcome per row, by position. Throws a `Misfit` when the body as
   * a whole does not fit; the caller checks that there are `count` outcomes.
   *
   * @param body as `readJson` returns it: numbers may be NaN and infinite
   */
  decode(body: unknown, count: number, answer: HttpAnswer): Array<RowOutcome<unknown>>;
  /** True when a validation error names rows by position (`loc: ["body", 1, "age"]`). @default false */
  readonly namesRows?: boolean | undefined;
}
