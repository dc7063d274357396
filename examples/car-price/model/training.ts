import { type BoostedModel, trainBoosting, trainTestSplit } from 'streamerjs/models';
import { questionOf } from '../car.ts';
import type { CarRow } from '../cars.ts';
import { carFeatures } from './features.ts';

/** The original's split: scikit-learn's `train_test_split(test_size=0.2, random_state=1234)`. */
const SPLIT = { testSize: 0.2, seed: 1_234 };

export interface Trained {
  readonly model: BoostedModel;
  readonly trainedOn: number;
  /** Root mean square error on the rows that were held back, in pounds. */
  readonly testRmse: number;
}

/** Trains on four fifths of the cars that have a price, with the original's parameters: 100 trees of depth 6. */
export async function train(cars: readonly CarRow[]): Promise<Trained> {
  const rows = cars.filter(({ price }) => price !== null);
  const split = trainTestSplit(rows.length, SPLIT);
  const pick = (numbers: Int32Array) => [...numbers].map((at) => rows[at] as CarRow);
  const training = pick(split.train);
  const questions = training.map(questionOf);
  const features = carFeatures(questions);
  const labels = training.map(({ price }) => price as number);
  const model = trainBoosting(
    { features, rows: questions, labels },
    { rounds: 100, maxDepth: 6, learningRate: 0.3, baseScore: 0.5, bins: 'exact' },
  );
  return { model: model as unknown as BoostedModel, trainedOn: training.length, testRmse: await errorOf(model, pick(split.test)) };
}

async function errorOf(model: BoostedModel<ReturnType<typeof questionOf>>, rows: readonly CarRow[]): Promise<number> {
  const { xgboost } = await import('streamerjs/models');
  const scorer = xgboost(model.file, { features: model.features! });
  await scorer.start?.();
  const answers = await scorer.predict(rows.map(questionOf));
  await scorer.close?.();
  const squares = rows.map(({ price }, at) => ((price as number) - (answers[at] as number)) ** 2);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / rows.length);
}
