import { setTimeout as delay } from 'node:timers/promises';
import type { Car } from '../../examples/car-price/car.ts';
import type { CarRow } from '../../examples/car-price/cars.ts';
import { CarTables } from '../../examples/car-price/start/car-tables.ts';

export type PricedCar = Car & { readonly suggested_price: number };

const WAIT_MS = 60_000;

/** Inserts cars, changes and deletes some, and waits until the table of prices is what it should be. @returns its rows */
export async function changeTable(url: string, cars: readonly CarRow[], weights: string): Promise<PricedCar[]> {
  const tables = await CarTables.open(url);
  try {
    for (let from = 0; from < cars.length; from += 10) {
      const ids = await tables.insert(cars.slice(from, from + 10));
      await tables.drive(ids[1] as number, 5_000);
      await tables.drive(ids[1] as number, 5_000);
      await tables.remove(ids[2] as number);
      await tables.drive(ids[3] as number, 100);
      await tables.remove(ids[3] as number);
    }
    let seen = await tables.compare();
    for (const deadline = Date.now() + WAIT_MS; seen.missing + seen.different + seen.left > 0; seen = await tables.compare()) {
      if (Date.now() > deadline) throw new Error(`the table of prices is not complete after ${WAIT_MS / 1_000} s: ${JSON.stringify(seen)}`);
      await delay(50);
    }
    const wrong = await tables.wrongPrices(weights);
    if (wrong > 0) throw new Error(`${wrong} prices are not what the model says offline`);
    return await tables.prices();
  } finally {
    await tables.close();
  }
}
