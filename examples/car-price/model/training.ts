import { type BoostedModel, evaluateRegression, type RegressionReport, trainBoosting, trainTestSplit, xgboost } from 'streamerjs/models';
import { type Question, questionOf } from '../car.ts';
import type { CarRow } from '../cars.ts';
import { carFeatures } from './features.ts';

/** The original's split: scikit-learn's `train_test_split(test_size=0.2, random_state=1234)`. */
const SPLIT = { testSize: 0.2, seed: 1_234 };

export interface Trained {
  readonly model: BoostedModel;
  /** How far its prices are from those of the cars that it was trained on, and of those that were held back. */
  readonly training: RegressionReport;
  readonly test: RegressionReport;
}

/** Trains on four fifths of the cars that have a price, with the original's parameters: 100 trees of depth 6. */
export async function train(cars: readonly CarRow[]): Promise<Trained> {
  const priced = cars.flatMap((car) => (car.price === null ? [] : [{ question: questionOf(car), price: car.price }]));
  const split = trainTestSplit(priced.length, SPLIT);
  const pick = (numbers: Int32Array) => [...numbers].flatMap((at) => priced[at] ?? []);
  const training = pick(split.train);
  const questions = training.map(({ question }) => question);
  const model = trainBoosting(
    { features: carFeatures(questions), rows: questions, labels: training.map(({ price }) => price) },
    { rounds: 100, maxDepth: 6, learningRate: 0.3, baseScore: 0.5, bins: 'exact' },
  );
  return { model, training: await reportOf(model, training), test: await reportOf(model, pick(split.test)) };
}

interface PricedCar {
  readonly question: Question;
  readonly price: number;
}

/** Scores the cars by the model's file, as an app does. */
async function reportOf({ file, features }: BoostedModel<Question>, cars: readonly PricedCar[]): Promise<RegressionReport> {
  const scorer = xgboost<Question>(file, { features });
  await scorer.start?.();
  const answers = await scorer.predict(cars.map(({ question }) => question));
  await scorer.close?.();
  return evaluateRegression(
    answers.map(Number),
    cars.map(({ price }) => price),
  );
}
