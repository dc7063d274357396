import { XgboostEvaluator } from '../xgboost/evaluator.ts';
import type { ScorerSpec } from './messages.ts';
import type { Scorer } from './scorer.ts';

/** @throws ConfigError when the model cannot be read */
export function openScorer({ bytes, margin, ...options }: ScorerSpec): Scorer & { readonly evaluator: XgboostEvaluator } {
  const evaluator = new XgboostEvaluator(bytes, options);
  return {
    evaluator,
    features: evaluator.features,
    width: margin ? evaluator.outputs : evaluator.width,
    score: (rows, count) => (margin ? evaluator.margins(rows, count) : evaluator.predictions(rows, count)),
  };
}
