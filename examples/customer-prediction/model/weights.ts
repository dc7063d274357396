import { readFileSync } from 'node:fs';
import { asset } from '../assets.ts';
import type { LogisticModel } from './logistic.ts';

export interface WeightsFile {
  readonly about: string;
  readonly trainedOn: number;
  readonly model: LogisticModel;
}

/** The trained model that ships with the example; `train.ts` writes it. */
export const WEIGHTS = 'model/weights.json';

export function loadWeights(file = asset(WEIGHTS)): LogisticModel {
  return (JSON.parse(readFileSync(file, 'utf8')) as WeightsFile).model;
}
