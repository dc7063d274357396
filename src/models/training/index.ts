export { BoostedModel, trainBoosting } from './boosting.ts';
export type { BoostingOptions, BoostingRound, EarlyStopping } from './boosting-options.ts';
export type { TrainingData, TrainingNumbers, TrainingRows } from './data.ts';
export { LogisticModel, type LogisticOptions, trainLogistic } from './logistic.ts';
export { type Split, trainTestSplit } from './split.ts';
export { TrainedModel } from './trained-model.ts';
