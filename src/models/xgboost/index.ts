export { type EvaluatorOptions, XgboostEvaluator } from './evaluator.ts';
export type { ModelFile } from './model-file.ts';
export type { Rounds } from './rounds.ts';
export type { FeatureRow, FeatureRowOptions, FeatureValue } from './row-writer.ts';
export { type XgboostOptions, xgboost } from './xgboost.ts';
