export interface PredictOptions {
  /** Aborted when the answer is of no use any more; `predict` then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Longest time for the answer. What the default is, the model says. */
  readonly timeoutMs?: number | undefined;
  /** Told before the answer, once, by a model that knows: the version that gave all of it. */
  readonly onVersion?: ((version: string) => void) | undefined;
}

/**
 * A model: rows in, as many answers out, matched by position.
 *
 * Who asks (`inference`, or you) never gives more than `maxRows` rows and never none. What a rejection makes it do:
 *
 * - `UNAVAILABLE`: nobody is to blame but the network or the server; the same rows are asked again later, without end.
 * - `REFUSED`, `retryable`: the same rows may be asked again a few times; then as below.
 * - `REFUSED`: at least one row will never be accepted. The rows that the error names (`rows`) are asked alone and the
 *   others together; where it names none, all are asked again in halves, to find out which.
 * - `ANSWER`: the answer does not fit the question. Asked again once, then in halves.
 * - `RowErrors`: some rows have an answer, which counts, and the others an error of their own, which is theirs alone.
 *
 * Anything else thrown counts as `REFUSED`.
 */
export interface Model<Row, Answer> {
  /** For logs and messages, as `http://127.0.0.1:3000/predict`. */
  readonly name: string;
  /** The version that answers now, where the model knows. */
  readonly version?: string | undefined;
  /** Most rows that one call takes. @default no limit */
  readonly maxRows?: number | undefined;
  /** Longest time for one call, where whoever made the model chose one; `inference` takes it unless told another. */
  readonly timeoutMs?: number | undefined;
  predict(rows: readonly Row[], options?: PredictOptions): Promise<Answer[]>;
  /** Called before the first row, once per agent that uses the model. */
  start?(): Promise<void>;
  /** Resolves when the model is ready to answer; rejects with what is wrong. Absent where there is nothing to ask but rows. */
  health?(options?: PredictOptions): Promise<void>;
  /** Gives back sockets and memory. A closed model may be asked again: another agent may still use it. */
  close?(): Promise<void>;
}
