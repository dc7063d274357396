/** Scores rows of float32 numbers, given flat. A thread can do so on its own. */
export interface Scorer {
  /** Numbers in a row. */
  readonly features: number;
  /** Numbers in an answer. */
  readonly width: number;
  /** Returns `width` numbers for each of the first `count` rows. */
  score(rows: Float32Array, count: number): Float32Array | Promise<Float32Array>;
  close?(): Promise<void>;
}

/** Writes one row as `features` numbers. */
export interface RowWriter<Row> {
  /** @throws ModelError `REFUSED` that names the field, when the row does not fit */
  write(row: Row, into: Float32Array, at: number): void;
  /**
   * Called after `write`, where values of another type must not be converted.
   *
   * @throws ModelError `REFUSED` that names the field, when `write` has converted its value
   */
  checkTypes?(row: Row): void;
}
