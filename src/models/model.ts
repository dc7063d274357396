export interface PredictOptions {
  /** Aborted when nobody waits for the answer any longer; `predict` then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Longest time for the answer. The default is the model's. */
  readonly timeoutMs?: number | undefined;
  /**
   * With `true`, a model that converts a value to its own type refuses it instead, as `true` for a number: rows from a network are of no
   * declared type. @default false
   */
  readonly exactTypes?: boolean | undefined;
  /** Called once before the answer, by a model that knows it, with the version that gave all of it. */
  readonly onVersion?: ((version: string) => void) | undefined;
}

/**
 * A model: rows in, as many answers out, matched by position.
 *
 * A caller (`inference`, or you) passes at least one row and at most `maxRows`. What it does about a rejection:
 *
 * - `UNAVAILABLE`: the network or the server is at fault, not the rows; the same rows are asked again later, without limit.
 * - `REFUSED`, `retryable`: the same rows may be asked again a few times; then as below.
 * - `REFUSED`: at least one row will never be accepted. The rows that the error names (`rows`) are asked alone and the
 *   others together; where it names none, all are asked again in halves, to find the row at fault.
 * - `ANSWER`: the answer does not fit the question. Asked again once, then in halves.
 * - `RowErrors`: some rows have an answer, which counts, and each of the others has an error of its own.
 *
 * Any other error counts as `REFUSED`.
 */
export interface Model<Row, Answer> {
  /** For logs and messages, as `http://127.0.0.1:3000/predict`. */
  readonly name: string;
  /** The version that answers now, where the model knows it. */
  readonly version?: string | undefined;
  /** Most rows of one call. @default no limit */
  readonly maxRows?: number | undefined;
  /** Longest time for one call, where the model was given one; `inference` uses it unless it has its own. */
  readonly timeoutMs?: number | undefined;
  predict(rows: readonly Row[], options?: PredictOptions): Promise<Answer[]>;
  /** Called before the first row, once per agent that uses the model. */
  start?(): Promise<void>;
  /** Resolves when the model is ready to answer; rejects with the reason why it is not. Absent where only rows can be asked. */
  health?(options?: PredictOptions): Promise<void>;
  /** Releases sockets and memory. A closed model may be asked again: another agent may still use it. */
  close?(): Promise<void>;
}
