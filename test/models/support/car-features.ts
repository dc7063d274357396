import { type Features, features, lookup, oneHot, standardise } from '../../../src/models/index.ts';
import type { DataRow } from './data-dir.ts';

/** The 12 columns that the notebook of the car prices makes of a row, fitted to training rows. */
export function carFeatures(rows: readonly DataRow[]): Features<DataRow> {
  const declared = features({
    mileage: standardise({ log: true }),
    tax: standardise({ log: true }),
    transmission: oneHot(),
    fuelType: oneHot(['Diesel', 'Others', 'Petrol'], { unknown: { as: 'Others' } }),
    model: lookup(shares(rows, 'model'), { unknown: 0 }),
    year: standardise(),
    mpg: standardise(),
    engineSize: standardise(),
  });
  return declared.fit(rows as never) as unknown as Features<DataRow>;
}

function shares(rows: readonly DataRow[], field: string): Record<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(String(row[field]), (counts.get(String(row[field])) ?? 0) + 1);
  return Object.fromEntries([...counts].map(([value, count]) => [value, count / rows.length]));
}
