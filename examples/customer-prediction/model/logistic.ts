import type { Answer, Customer } from '../customer.ts';

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

export function probabilityYes(model: LogisticModel, customer: Customer): number {
  let sum = model.intercept;
  for (const [field, { transform, mean, deviation, weight }] of Object.entries(model.numbers)) {
    sum += (weight * (transformed(Number(customer[field]), transform) - mean)) / deviation;
  }
  for (const [field, weights] of Object.entries(model.texts)) {
    const value = String(customer[field]);
    if (Object.hasOwn(weights, value)) sum += weights[value] as number;
  }
  return 1 / (1 + Math.exp(-sum));
}

/** The label follows the probability, and the probability is that of the label. */
export function answerOf(model: LogisticModel, customer: Customer): Answer {
  const yes = probabilityYes(model, customer);
  return { prediction: [yes >= 0.5 ? 'Yes' : 'No'], probability: Math.max(yes, 1 - yes), probabilityYes: yes };
}

export function transformed(value: number, transform: Transform): number {
  return transform === 'log' ? Math.sign(value) * Math.log1p(Math.abs(value)) : value;
}
