import { ConfigError } from '../../errors.ts';
import { solve } from './cholesky.ts';
import type { SparseRows } from './sparse.ts';

export interface NewtonOptions {
  /** Weight of half the squared weights in the loss; the intercept is free. */
  readonly l2: number;
  /** Weight of a row with label 1. */
  readonly positiveWeight: number;
  readonly maxSteps: number;
  /** Ends when no component of the gradient is larger than this. */
  readonly tolerance: number;
}

export interface Optimum {
  /** By column, the intercept last. */
  readonly weights: Float64Array;
  readonly loss: number;
  /** Largest component of the gradient. */
  readonly gradient: number;
  readonly steps: number;
}

/**
 * Returns the weights that minimise `sum of log losses + l2 / 2 * sum of squared weights`, by Newton's method: at each step solve `H d = -g`, and
 * halve the step until the loss falls. The loss is convex, so there is one optimum; it is exact to the last digits.
 *
 * @throws ConfigError when there is none (l2 is 0 and the columns depend on one another, or separate the classes), or `maxSteps` are not enough
 */
export function newton(rows: SparseRows, labels: Float32Array, options: NewtonOptions): Optimum {
  const weights = new Float64Array(rows.width + 1);
  let loss = lossOf(rows, labels, weights, options);
  let last = Number.POSITIVE_INFINITY;
  for (let steps = 0; ; steps++) {
    const { gradient, hessian } = derivatives(rows, labels, weights, options);
    const largest = gradient.reduce((most, part) => Math.max(most, Math.abs(part)), 0);
    if (options.l2 === 0 && loss < 1e-6 * labels.length) throw noOptimum('the columns separate the classes without error');
    // The last steps change the loss by less than its rounding; they end when the gradient gets no smaller.
    const isFlat = largest < NEAR * labels.length;
    if (largest <= options.tolerance || (isFlat && largest >= last)) return { weights, loss, gradient: largest, steps };
    if (steps === options.maxSteps) throw noOptimum(`after ${steps} steps the gradient is still ${largest.toPrecision(3)}`);
    if (!solve(hessian, gradient)) throw noOptimum('columns depend on one another');
    loss = step(rows, labels, weights, { loss, move: gradient, isFlat }, options);
    last = largest;
  }
}

/** Near the optimum a full Newton step is right; before, one that lets the loss fall is needed. */
const NEAR = 1e-6;

interface Step {
  readonly loss: number;
  /** Subtracted from the weights. */
  readonly move: Float64Array;
  readonly isFlat: boolean;
}

/** Moves the weights, and returns the loss there. */
function step(rows: SparseRows, labels: Float32Array, weights: Float64Array, { loss, move, isFlat }: Step, options: NewtonOptions): number {
  for (let share = 1; share > 1e-9; share /= 2) {
    const tried = weights.map((weight, at) => weight - share * (move[at] ?? 0));
    const next = lossOf(rows, labels, tried, options);
    if (!isFlat && !(next < loss)) continue;
    weights.set(tried);
    return next;
  }
  throw noOptimum('no step makes the loss smaller');
}

function lossOf(rows: SparseRows, labels: Float32Array, weights: Float64Array, { l2, positiveWeight }: NewtonOptions): number {
  let sum = 0;
  for (let row = 0; row < labels.length; row++) {
    const margin = marginOf(rows, row, weights);
    const isOne = labels[row] === 1;
    const signed = isOne ? -margin : margin;
    sum += (isOne ? positiveWeight : 1) * (Math.max(signed, 0) + Math.log1p(Math.exp(-Math.abs(signed))));
  }
  for (let column = 0; column < rows.width; column++) sum += (l2 / 2) * (weights[column] ?? 0) ** 2;
  return sum;
}

function derivatives(rows: SparseRows, labels: Float32Array, weights: Float64Array, { l2, positiveWeight }: NewtonOptions) {
  const { width, starts, columns, values } = rows;
  const size = width + 1;
  const gradient = new Float64Array(size);
  const hessian = new Float64Array(size * size);
  const last = width * size;
  for (let row = 0; row < labels.length; row++) {
    const p = 1 / (1 + Math.exp(-marginOf(rows, row, weights)));
    const weight = labels[row] === 1 ? positiveWeight : 1;
    const error = weight * (p - (labels[row] ?? 0));
    const curvature = weight * p * (1 - p);
    const end = starts[row + 1] ?? 0;
    for (let i = starts[row] ?? 0; i < end; i++) {
      const column = columns[i] ?? 0;
      const x = values[i] ?? 0;
      gradient[column] = (gradient[column] ?? 0) + error * x;
      hessian[last + column] = (hessian[last + column] ?? 0) + curvature * x;
      const line = column * size;
      for (let j = starts[row] ?? 0; j <= i; j++) {
        const at = line + (columns[j] ?? 0);
        hessian[at] = (hessian[at] ?? 0) + curvature * x * (values[j] ?? 0);
      }
    }
    gradient[width] = (gradient[width] ?? 0) + error;
    hessian[last + width] = (hessian[last + width] ?? 0) + curvature;
  }
  for (let column = 0; column < width; column++) {
    gradient[column] = (gradient[column] ?? 0) + l2 * (weights[column] ?? 0);
    hessian[column * size + column] = (hessian[column * size + column] ?? 0) + l2;
  }
  return { gradient, hessian };
}

function marginOf({ width, starts, columns, values }: SparseRows, row: number, weights: Float64Array): number {
  let sum = weights[width] ?? 0;
  const end = starts[row + 1] ?? 0;
  for (let at = starts[row] ?? 0; at < end; at++) sum += (values[at] ?? 0) * (weights[columns[at] ?? 0] ?? 0);
  return sum;
}

function noOptimum(why: string): ConfigError {
  return new ConfigError(`the logistic regression has no optimum that can be found: ${why}`, {
    next: 'Give an l2 above 0, or a larger one; standardise columns of very different sizes.',
  });
}
