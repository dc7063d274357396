import { auc } from './auc.ts';
import { type CalibrationBin, calibrationOf } from './calibration.ts';
import { checkLengths, checkNumbers, type EvaluationOptions, optionsOf } from './options.ts';

/** Rows by label and by the side of the threshold on which the prediction lies; a prediction at the threshold counts as label 1. */
export interface Confusion {
  readonly threshold: number;
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly trueNegative: number;
  readonly falseNegative: number;
}

/** The quality of predicted probabilities. A figure without a value, as the precision where nothing is predicted, is NaN. */
export interface BinaryReport {
  readonly kind: 'binary';
  readonly rows: number;
  /** Rows of label 1. */
  readonly positive: number;
  /** Area under the ROC curve. */
  readonly auc: number;
  /** Mean of -ln of the probability given to the true label; 0 and 1 count as 1e-15 and 1 - 1e-15. */
  readonly logLoss: number;
  /** Mean squared difference of probability and label. */
  readonly brier: number;
  readonly confusion: Confusion;
  readonly accuracy: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly calibration: readonly CalibrationBin[];
}

/**
 * @param probabilities of label 1
 * @param labels 0 and 1
 * @throws ConfigError when the two differ in length, are empty, or hold a value out of range
 */
export function evaluateBinary(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: EvaluationOptions & { readonly threshold?: number | undefined } = {},
): BinaryReport {
  const { bins } = optionsOf(options);
  const { threshold = 0.5 } = options;
  checkLengths(probabilities, labels);
  checkNumbers(probabilities, 'probability', 'between 0 and 1', (value) => value >= 0 && value <= 1);
  checkNumbers(labels, 'label', '0 or 1', (value) => value === 0 || value === 1);
  const rows = labels.length;
  const confusion = confusionOf(probabilities, labels, threshold);
  const { truePositive, falsePositive, trueNegative, falseNegative } = confusion;
  let logLoss = 0;
  let brier = 0;
  for (let row = 0; row < rows; row++) {
    const given = labels[row] === 1 ? (probabilities[row] ?? 0) : 1 - (probabilities[row] ?? 0);
    logLoss -= Math.log(Math.min(Math.max(given, 1e-15), 1 - 1e-15));
    brier += (1 - given) ** 2;
  }
  return {
    kind: 'binary',
    rows,
    positive: truePositive + falseNegative,
    auc: auc(probabilities, labels),
    logLoss: logLoss / rows,
    brier: brier / rows,
    confusion,
    accuracy: (truePositive + trueNegative) / rows,
    precision: truePositive / (truePositive + falsePositive),
    recall: truePositive / (truePositive + falseNegative),
    f1: (2 * truePositive) / (2 * truePositive + falsePositive + falseNegative),
    calibration: calibrationOf(probabilities, labels, bins),
  };
}

function confusionOf(probabilities: ArrayLike<number>, labels: ArrayLike<number>, threshold: number): Confusion {
  const counts = { truePositive: 0, falsePositive: 0, trueNegative: 0, falseNegative: 0 };
  for (let row = 0; row < labels.length; row++) {
    const isPredicted = (probabilities[row] ?? 0) >= threshold;
    const isTrue = labels[row] === 1;
    if (isPredicted) counts[isTrue ? 'truePositive' : 'falsePositive']++;
    else counts[isTrue ? 'falseNegative' : 'trueNegative']++;
  }
  return { threshold, ...counts };
}
