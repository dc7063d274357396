export interface FitOptions {
  /** Weight of the squared weights in the loss; keeps columns that sum to one apart. The intercept (column 0) is free. */
  readonly ridge: number;
  /** Ends when no weight moves by more than this. */
  readonly tolerance: number;
  readonly maxSteps: number;
}

/**
 * Logistic regression by Newton's method (iteratively reweighted least squares): at each step, solve
 * `(X'WX + ridge) d = X'(y - p) - ridge w` with `W = p (1 - p)`, then `w += d`.
 *
 * @param rows features of each row, the first always 1
 * @param labels 1 = yes, 0 = no
 */
export function fitLogistic(rows: readonly Float64Array[], labels: Uint8Array, options: FitOptions): Float64Array {
  const width = rows[0]?.length ?? 0;
  const weights = new Float64Array(width);
  for (let step = 0; step < options.maxSteps; step++) {
    const { gradient, hessian } = derivatives(rows, labels, weights, options.ridge);
    const move = solve(hessian, gradient);
    let largest = 0;
    for (let i = 0; i < width; i++) {
      weights[i] = at(weights, i) + at(move, i);
      largest = Math.max(largest, Math.abs(at(move, i)));
    }
    if (largest < options.tolerance) return weights;
  }
  throw new Error(`no convergence within ${options.maxSteps} Newton steps`);
}

function derivatives(rows: readonly Float64Array[], labels: Uint8Array, weights: Float64Array, ridge: number) {
  const width = weights.length;
  const gradient = new Float64Array(width);
  const hessian = Array.from({ length: width }, () => new Float64Array(width));
  rows.forEach((row, n) => {
    const p = 1 / (1 + Math.exp(-dot(row, weights)));
    const error = (labels[n] as number) - p;
    const curvature = p * (1 - p);
    for (let i = 0; i < width; i++) {
      const x = at(row, i);
      if (x === 0) continue;
      gradient[i] = at(gradient, i) + error * x;
      const line = hessian[i] as Float64Array;
      for (let j = 0; j <= i; j++) line[j] = at(line, j) + curvature * x * at(row, j);
    }
  });
  for (let i = 1; i < width; i++) {
    gradient[i] = at(gradient, i) - ridge * at(weights, i);
    const line = hessian[i] as Float64Array;
    line[i] = at(line, i) + ridge;
  }
  return { gradient, hessian };
}

/** Solves a symmetric, positive definite system by Cholesky's decomposition; only the lower half of `matrix` is read. */
export function solve(matrix: readonly Float64Array[], right: Float64Array): Float64Array {
  const size = right.length;
  const lower = Array.from({ length: size }, () => new Float64Array(size));
  for (let i = 0; i < size; i++) {
    const row = lower[i] as Float64Array;
    for (let j = 0; j <= i; j++) {
      const other = lower[j] as Float64Array;
      let sum = at(matrix[i] as Float64Array, j);
      for (let k = 0; k < j; k++) sum -= at(row, k) * at(other, k);
      if (i === j && !(sum > 0)) throw new Error('the features depend on one another: a larger ridge is needed');
      row[j] = i === j ? Math.sqrt(sum) : sum / at(other, j);
    }
  }
  const x = Float64Array.from(right);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i] = at(x, i) - at(lower[i] as Float64Array, k) * at(x, k);
    x[i] = at(x, i) / at(lower[i] as Float64Array, i);
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i] = at(x, i) - at(lower[k] as Float64Array, i) * at(x, k);
    x[i] = at(x, i) / at(lower[i] as Float64Array, i);
  }
  return x;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += at(a, i) * at(b, i);
  return sum;
}

function at(values: Float64Array, index: number): number {
  return values[index] as number;
}
