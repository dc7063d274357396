import { type Features, features, lookup, oneHot, standardise } from 'streamerjs/models';
import type { Question } from '../car.ts';

/** The 12 numbers that the original notebook makes of a car, fitted to training rows. */
export function carFeatures(rows: readonly Question[]): Features<Question> {
  const declared = features({
    mileage: standardise({ log: true }),
    tax: standardise({ log: true }),
    transmission: oneHot(['Automatic', 'Manual', 'Semi-Auto'], { unknown: 'zeros' }),
    fuelType: oneHot(['Diesel', 'Others', 'Petrol'], { unknown: { as: 'Others' } }),
    model: lookup(shares(rows), { unknown: 0 }),
    year: standardise(),
    mpg: standardise(),
    engineSize: standardise(),
  });
  return declared.fit(rows as never) as unknown as Features<Question>;
}

/** How large a part of the rows each model of car is. */
function shares(rows: readonly Question[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { model } of rows) counts.set(model, (counts.get(model) ?? 0) + 1);
  return Object.fromEntries([...counts].map(([model, count]) => [model, count / rows.length]));
}
