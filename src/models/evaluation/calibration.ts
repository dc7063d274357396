/** Rows with predictions of about the same size. */
export interface CalibrationBin {
  readonly rows: number;
  /** Least and largest prediction. */
  readonly from: number;
  readonly to: number;
  /** Mean of the predictions. */
  readonly predicted: number;
  /** Mean of what came true: for a probability, the share of label 1. */
  readonly observed: number;
}

/** Rows by the size of their prediction, in groups of as many rows each; rows of the same prediction stay together. */
export function calibrationOf(predictions: ArrayLike<number>, labels: ArrayLike<number>, bins: number): CalibrationBin[] {
  const order = Uint32Array.from({ length: labels.length }, (_, at) => at).sort(
    (a, b) => (predictions[a] as number) - (predictions[b] as number) || a - b,
  );
  const table: CalibrationBin[] = [];
  for (let start = 0, bin = 1; start < order.length; bin++) {
    let end = Math.max(start + 1, Math.round((order.length * bin) / bins));
    while (end < order.length && predictions[order[end] as number] === predictions[order[end - 1] as number]) end++;
    table.push(binOf(predictions, labels, order.subarray(start, end)));
    start = end;
  }
  return table;
}

function binOf(predictions: ArrayLike<number>, labels: ArrayLike<number>, rows: Uint32Array): CalibrationBin {
  const mean = (values: ArrayLike<number>) => rows.reduce((sum, row) => sum + (values[row] as number), 0) / rows.length;
  return {
    rows: rows.length,
    from: predictions[rows[0] as number] as number,
    to: predictions[rows.at(-1) as number] as number,
    predicted: mean(predictions),
    observed: mean(labels),
  };
}
