import { setTimeout as delay } from 'node:timers/promises';
import type { CarRow } from '../cars.ts';
import type { CarTables } from './car-tables.ts';

export interface TrafficOptions {
  /** Milliseconds to wait for the price of the first car. */
  readonly patienceMs: number;
  /** Cars per second; 0 = as fast as it goes. */
  readonly rate: number;
  readonly signal: AbortSignal;
}

export interface Traffic {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  /** When the second car was on its way, by `performance.now()`. */
  readonly start: number;
}

const LOOK_MS = 10;
/** Cars of one transaction. */
const TOGETHER = 20;
/** Of the cars, every so many is changed, and deleted, a little after it came. */
const CHANGED = 10;
const DELETED = 25;
const MILES = 1_000;

/**
 * Inserts the cars, drives some of them on, and sells some, some before they have a price. The first car goes alone, until it has its
 * price: the others find a system that works.
 */
export async function changeCars(
  tables: CarTables,
  cars: readonly CarRow[],
  { rate, signal, patienceMs }: TrafficOptions,
): Promise<Traffic> {
  const done = { inserted: 0, updated: 0, deleted: 0 };
  done.inserted += (await tables.insert(cars.slice(0, 1))).length;
  for (const deadline = Date.now() + patienceMs; (await tables.compare()).priced === 0 && Date.now() < deadline; ) {
    await delay(LOOK_MS, undefined, { signal });
  }
  const start = performance.now();
  for (let from = 1; from < cars.length; from += TOGETHER) {
    if (rate > 0) await delay(Math.max(0, start + ((from - 1) * 1_000) / rate - performance.now()), undefined, { signal });
    signal.throwIfAborted();
    const ids = await tables.insert(cars.slice(from, from + TOGETHER));
    done.inserted += ids.length;
    for (const [at, id] of ids.entries()) {
      const number = from + at + 1;
      if (number % CHANGED === 0) {
        await tables.drive(id, MILES);
        done.updated++;
      }
      if (number % DELETED === 0) {
        await tables.remove(id);
        done.deleted++;
      }
    }
  }
  return { ...done, start };
}
