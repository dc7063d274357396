import { type Behaviour, inference } from 'streamerjs';
import { http } from 'streamerjs/models';
import { type Change, type Question, questionOf } from './car.ts';
import { passing } from './pass.ts';
import { carOf, isGone, withSuggestion } from './suggestion.ts';

/** Writes the model's price into a change. Deletes and tombstones pass without a question: both become tombstones. */
export const pricing = (modelUrl: string): Behaviour<Buffer | null, Change, Change> =>
  inference({
    model: passing(http.columns<Question>(modelUrl)),
    features: (change) => {
      const car = carOf(change);
      return car === undefined ? null : questionOf(car);
    },
    result: (change, price) => (price === null ? (isGone(change) ? null : change) : withSuggestion(change, price)),
    batch: { size: 64, waitMs: 5 },
    inFlight: 4,
  });
