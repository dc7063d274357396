import { type Model, xgboost } from 'streamerjs/models';
import type { Question } from '../car.ts';

/** A model as `train` saved it: XGBoost JSON, and how a car becomes its numbers beside it. */
export function priceModel(weights: string): Model<Question, number> {
  return xgboost<Question>(weights, { features: weights.replace(/\.json$/, '.features.json') });
}
