import { ConfigError } from '../../errors.ts';
import { checkValue, wholeNumber } from '../../options/index.ts';

export interface EvaluationOptions {
  /** Groups of the calibration table. @default 10 */
  readonly bins?: number | undefined;
}

export function optionsOf({ bins = 10 }: EvaluationOptions): { readonly bins: number } {
  checkValue('bins', wholeNumber(1), bins);
  return { bins };
}

export function checkLengths(predictions: ArrayLike<number>, labels: ArrayLike<number>): void {
  if (predictions.length !== labels.length)
    throw new ConfigError(`there are ${predictions.length} predictions and ${labels.length} labels`);
  if (labels.length === 0) throw new ConfigError('there are no rows to evaluate');
}

/** @param name of the values, as `label` */
export function checkNumbers(values: ArrayLike<number>, name: string, wanted: string, fits: (value: number) => boolean): void {
  const strange = Array.prototype.findIndex.call(values, (value: number) => !fits(value));
  if (strange >= 0) throw new ConfigError(`the ${name} of row ${strange} must be ${wanted}, got ${values[strange]}`);
}
