/** How a number enters the sum: as it is, or the logarithm of a skewed column (`sign(x) * ln(1 + |x|)`). */
export type Transform = 'plain' | 'log';

export interface NumberWeight {
  readonly transform: Transform;
  /** Mean and standard deviation of the transformed column in the training rows. */
  readonly mean: number;
  readonly deviation: number;
  /** Per standard deviation. */
  readonly weight: number;
}

/** A logistic regression: P(yes) = 1 / (1 + exp(-(intercept + sum of weights))). */
export interface LogisticModel {
  readonly intercept: number;
  readonly numbers: Readonly<Record<string, NumberWeight>>;
  /** Weight of each value of a text field; a value that was not seen in training counts 0. */
  readonly texts: Readonly<Record<string, Readonly<Record<string, number>>>>;
}
