import { readFileSync } from 'node:fs';
import { http, linear, type Model, reloading } from 'streamerjs/models';
import { asset } from '../assets.ts';
import { Answer, type Customer } from '../customer.ts';
import { placeOf } from './place.ts';
import { WEIGHTS } from './weights.ts';

export interface Bank {
  /** The whole answer, or the probability of a yes. */
  readonly model: Model<Customer, Answer | number>;
  readonly answerOf: (answer: Answer | number) => Answer;
}

/** @throws RangeError when `MODEL` is no place that there is */
export function bankOf(env: NodeJS.ProcessEnv): Bank {
  const place = placeOf(env);
  if (place === 'seed') return { model: seedModel(), answerOf: seedAnswer };
  if (place === 'in-process') return { model: trainedModel(), answerOf };
  return { model: http.rows(env.MODEL_URL ?? 'http://127.0.0.1:3000/predict', { schema: Answer }), answerOf };
}

/** Answers the probability of a yes, from `model/weights.json` or another file of that form. */
export function trainedModel(file = asset(WEIGHTS)): Model<Customer, number> {
  return reloading<Customer, number>(file, (bytes) => linear<Customer>(bytes));
}

/** The label follows the probability, and the probability is that of the label. */
export function answerOf(answer: Answer | number): Answer {
  if (typeof answer !== 'number') return answer;
  return { prediction: [answer >= 0.5 ? 'Yes' : 'No'], probability: Math.max(answer, 1 - answer), probabilityYes: answer };
}

/** As that project's service answers: the larger of the two probabilities, and always `No`, which is a mistake of its code. */
export function seedAnswer(answer: Answer | number): Answer {
  return { ...answerOf(answer), prediction: ['No'] };
}

/** Its service fits an encoder on every single row, so that each text becomes 0. */
export function seedModel(): Model<Customer, number> {
  const bytes = readFileSync(asset('model/weights-seed.json'));
  const { features } = JSON.parse(bytes.toString('utf8')) as { features: readonly string[] };
  const model = linear<readonly number[]>(bytes, { name: 'weights-seed.json' });
  const numbers = (customer: Customer) => features.map((field) => (typeof customer[field] === 'number' ? customer[field] : 0));
  return { ...model, predict: (rows, options) => model.predict(rows.map(numbers), options) };
}
