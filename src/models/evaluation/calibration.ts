/** Rows with predictions of about the same size. */
export interface CalibrationBin {
  readonly rows: number;
  /** Smallest and largest prediction. */
  readonly from: number;
  readonly to: number;
  /** Mean of the predictions. */
  readonly predicted: number;
  /** Mean of the true values: for a probability, the share of label 1. */
  readonly observed: number;
}

/** Rows by the size of their prediction, in groups of equal size; rows with the same prediction stay together. */
export function calibrationOf(predictions: ArrayLike<number>, labels: ArrayLike<number>, bins: number): CalibrationBin[] {
  const order = Uint32Array.from({ length: labels.length }, (_, at) => at).sort(
    (a, b) => (predictions[a] ?? 0) - (predictions[b] ?? 0) || a - b,
  );
  const table: CalibrationBin[] = [];
  for (let start = 0, bin = 1; start < order.length; bin++) {
    let end = Math.max(start + 1, Math.round((order.length * bin) / bins));
    while (end < order.length && predictions[order[end] ?? 0] === predictions[order[end - 1] ?? 0]) end++;
    table.push(binOf(predictions, labels, order.subarray(start, end)));
    start = end;
  }
  return table;
}

function binOf(predictions: ArrayLike<number>, labels: ArrayLike<number>, rows: Uint32Array): CalibrationBin {
  const mean = (values: ArrayLike<number>) => rows.reduce((sum, row) => sum + (values[row] ?? 0), 0) / rows.length;
  return {
    rows: rows.length,
    from: predictions[rows[0] ?? 0] ?? 0,
    to: predictions[rows.at(-1) ?? 0] ?? 0,
    predicted: mean(predictions),
    observed: mean(labels),
  };
}
