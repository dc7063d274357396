import type { RowOutcome } from '../model-error.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface HttpQuestion {
  /** Appended to the path of the model's address, as `/invocations`. @default '' */
  readonly path?: string | undefined;
  /** Beside those of the settings, which win. @default {} */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as `application/json` unless `headers` say otherwise. */
  readonly body: string;
}

/**
 * How one kind of model server is spoken to: what a batch of rows looks like on the wire, and its answer. It holds no
 * connection and no state; sockets, time-outs, limits and statuses are the caller's (`httpModel`).
 */
export interface Protocol<Row> {
  /** As `openInference`, for messages. */
  readonly name: string;
  /** Most rows of one request. @default no limit */
  readonly maxRows?: number | undefined;
  /** Path to GET, appended to that of the address: a 2xx says that the model is ready. Absent where the protocol has none. */
  readonly health?: string | undefined;
  /** Writes at least one row. Throws a `ModelError` `REFUSED`, with `rows`, when some cannot be written. */
  encode(rows: readonly Row[]): HttpQuestion;
  /**
   * Reads the body of a 2xx answer to `count` rows: one outcome per row, by position. Throws a `Misfit` when the body as
   * a whole does not fit; whether there are `count` outcomes is checked by the caller.
   *
   * @param body as `readJson` gives it: numbers may be NaN and infinite
   */
  decode(body: unknown, count: number, answer: HttpAnswer): Array<RowOutcome<unknown>>;
  /** Does a validation error name rows by position (`loc: ["body", 1, "age"]`)? @default false */
  readonly namesRows?: boolean | undefined;
}
