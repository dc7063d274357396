// The quality of a model.
export {
  type BinaryReport,
  type CalibrationBin,
  type Confusion,
  type EvaluationOptions,
  evaluateBinary,
  evaluateRegression,
  type RegressionReport,
} from './evaluation/index.ts';
// Rows as the numbers of a model.
export {
  type Feature,
  type FeatureMap,
  Features,
  type FeaturesFile,
  features,
  featuresFromJson,
  type LogFeature,
  type LookupFeature,
  log,
  lookup,
  type NumericFeature,
  numeric,
  type OneHotFeature,
  type OrdinalFeature,
  oneHot,
  ordinal,
  type RowOf,
  type StandardFeature,
  standardise,
} from './features/index.ts';
export type { HttpModelOptions } from './http/http-model.ts';
export type { HttpOptions, TlsOptions } from './http/options.ts';
export type { HttpAnswer } from './http/protocol.ts';
// Models in this process.
export { type LinearLink, type LinearOptions, linear } from './linear/index.ts';
// The contract.
export type { Model, PredictOptions } from './model.ts';
// Errors.
export { ModelError, RowErrors, type RowOutcome } from './model-error.ts';
export { type OnnxOptions, onnx } from './onnx/index.ts';
export type { HttpBentomlOptions } from './protocols/bentoml.ts';
export type { HttpColumnsOptions } from './protocols/columns.ts';
export type { CustomQuestion, HttpCustomOptions } from './protocols/custom.ts';
export type { Datatype } from './protocols/datatype.ts';
export { http } from './protocols/index.ts';
export type { HttpMlflowOptions, MlflowInput } from './protocols/mlflow.ts';
export type { HttpOpenInferenceOptions } from './protocols/open-inference.ts';
export type { HttpRowsOptions } from './protocols/rows.ts';
export type { HttpKserveV1Options, HttpTensorFlowServingOptions } from './protocols/tensor-flow-serving.ts';
// Models whose file is replaced while they are in use.
export { type ReloadingModel, type ReloadOptions, reloading } from './swap/reloading.ts';
// Training.
export {
  BoostedModel,
  type BoostingOptions,
  type BoostingRound,
  type EarlyStopping,
  LogisticModel,
  type LogisticOptions,
  type Split,
  TrainedModel,
  type TrainingData,
  type TrainingNumbers,
  type TrainingRows,
  trainBoosting,
  trainLogistic,
  trainTestSplit,
} from './training/index.ts';
export {
  type EvaluatorOptions,
  type FeatureRow,
  type FeatureRowOptions,
  type FeatureValue,
  type ModelFile,
  type Rounds,
  XgboostEvaluator,
  type XgboostOptions,
  xgboost,
} from './xgboost/index.ts';
