export { type BinaryReport, type Confusion, evaluateBinary } from './binary.ts';
export type { CalibrationBin } from './calibration.ts';
export type { EvaluationOptions } from './options.ts';
export { evaluateRegression, type RegressionReport } from './regression.ts';
