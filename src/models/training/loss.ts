import { type Objective, objectiveOf } from '../xgboost/objective.ts';

const { fround } = Math;

/** What is minimised: its derivatives by margin, in the library's 32-bit steps, and the loss as people read it. */
export interface Loss {
  /** XGBoost's own, whose transform and start are those of the evaluator. */
  readonly objective: Objective;
  /** As XGBoost names it in its log. */
  readonly metric: 'rmse' | 'logloss';
  /** Writes first and second derivatives of each row. */
  derive(margins: Float32Array, labels: Float32Array, first: Float32Array, second: Float32Array): void;
  of(margins: Float32Array, labels: Float32Array): number;
  /** Start value, as a prediction, where none is given. */
  baseScore(labels: Float32Array): number;
}

export const squaredError: Loss = {
  objective: named('reg:squarederror'),
  metric: 'rmse',
  derive(margins, labels, first, second) {
    for (let row = 0; row < margins.length; row++) first[row] = (margins[row] as number) - (labels[row] as number);
    second.fill(1);
  },
  of(margins, labels) {
    let sum = 0;
    for (let row = 0; row < margins.length; row++) sum += ((margins[row] as number) - (labels[row] as number)) ** 2;
    return Math.sqrt(sum / margins.length);
  },
  baseScore: (labels) => fround(labels.reduce((sum, label) => sum + label, 0) / labels.length),
};

/** @param positiveWeight what a row with label 1 counts */
export function logistic(positiveWeight: number): Loss {
  const objective = named('binary:logistic');
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
        const p = probabilities[row] as number;
        const label = labels[row] as number;
        const w = label === 1 ? weight : 1;
        first[row] = fround(p - label) * w;
        second[row] = Math.max(fround(p * fround(1 - p)), 1e-16) * w;
      }
    },
    of(margins, labels) {
      const probabilities = probabilitiesOf(margins);
      let sum = 0;
      for (let row = 0; row < margins.length; row++) {
        const p = probabilities[row] as number;
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

function named(name: string): Objective {
  return objectiveOf(name) as Objective;
}
