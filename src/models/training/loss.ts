import { type Objective, objectiveNamed } from '../xgboost/objective.ts';

const { fround } = Math;

/** The loss that is minimised: its derivatives by margin, in the library's 32-bit steps, and its value. */
export interface Loss {
  /** XGBoost's own, with the evaluator's transform and start. */
  readonly objective: Objective;
  /** As XGBoost names it in its log. */
  readonly metric: 'rmse' | 'logloss';
  /** Writes first and second derivatives of each row. */
  derive(margins: Float32Array, labels: Float32Array, first: Float32Array, second: Float32Array): void;
  of(margins: Float32Array, labels: Float32Array): number;
  /** Returns the start value, as a prediction, where none is given. */
  baseScore(labels: Float32Array): number;
}

export const squaredError: Loss = {
  objective: objectiveNamed('reg:squarederror'),
  metric: 'rmse',
  derive(margins, labels, first, second) {
    for (let row = 0; row < margins.length; row++) first[row] = (margins[row] ?? 0) - (labels[row] ?? 0);
    second.fill(1);
  },
  of(margins, labels) {
    let sum = 0;
    for (let row = 0; row < margins.length; row++) sum += ((margins[row] ?? 0) - (labels[row] ?? 0)) ** 2;
    return Math.sqrt(sum / margins.length);
  },
  baseScore: (labels) => fround(labels.reduce((sum, label) => sum + label, 0) / labels.length),
};

/** @param positiveWeight weight of a row with label 1 */
export function logistic(positiveWeight: number): Loss {
  const objective = objectiveNamed('binary:logistic');
  const weight = fround(positiveWeight);
  const probabilitiesOf = (margins: Float32Array): Float32Array => {
    const values = margins.slice();
    objective.link.apply(values, 1);
    return values;
  };
  return {
    objective,
    metric: 'logloss',
    derive(margins, labels, first, second) {
      const probabilities = probabilitiesOf(margins);
      for (let row = 0; row < margins.length; row++) {
        const p = probabilities[row] ?? 0;
        const label = labels[row] ?? 0;
        const w = label === 1 ? weight : 1;
        first[row] = fround(p - label) * w;
        second[row] = Math.max(fround(p * fround(1 - p)), 1e-16) * w;
      }
    },
    of(margins, labels) {
      const probabilities = probabilitiesOf(margins);
      let sum = 0;
      for (let row = 0; row < margins.length; row++) {
        const p = probabilities[row] ?? 0;
        sum -= Math.log(Math.max(labels[row] === 1 ? p : 1 - p, 1e-16));
      }
      return sum / margins.length;
    },
    baseScore(labels) {
      const positive = labels.reduce((sum, label) => sum + label, 0) * weight;
      return fround(positive / (positive + labels.reduce((sum, label) => sum + 1 - label, 0)));
    },
  };
}
