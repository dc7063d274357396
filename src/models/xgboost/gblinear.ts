import type { Field } from './field.ts';

/** XGBoost's linear booster: `weights[j * outputs + k]` of feature `j` for output `k`, then a bias for each output. */
export interface LinearBooster {
  readonly weights: Float32Array;
  readonly rounds: number | undefined;
}

export function readLinear(field: Field, features: number, outputs: number): LinearBooster {
  const weights = field.get('weights').floats((features + 1) * outputs);
  const bad = weights.findIndex((weight) => !Number.isFinite(weight));
  if (bad >= 0) throw field.wrong(`has no number at weights[${bad}]`);
  return { weights, rounds: field.find('boosted_rounds')?.whole() };
}

/** Adds bias, then the products left to right, all in float32. A missing value adds nothing. */
export function addLinear({ weights }: LinearBooster, rows: Float32Array, features: number, margins: Float32Array, outputs: number): void {
  const { fround } = Math;
  const biases = features * outputs;
  for (let row = 0, at = 0; at < margins.length; row += features, at += outputs) {
    for (let k = 0; k < outputs; k++) {
      let sum = fround((margins[at + k] ?? 0) + (weights[biases + k] ?? 0));
      for (let j = 0; j < features; j++) {
        const x = rows[row + j] ?? 0;
        if (!Number.isNaN(x)) sum = fround(sum + fround(x * (weights[j * outputs + k] ?? 0)));
      }
      margins[at + k] = sum;
    }
  }
}
