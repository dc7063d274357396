import { setTimeout as delay } from 'node:timers/promises';
import type { CarRow } from '../cars.ts';
import type { CarTables } from './car-tables.ts';

export interface TrafficOptions {
  /** Cars per second; 0 = as fast as it goes. */
  readonly rate: number;
  readonly signal: AbortSignal;
}

/** Cars of one transaction. */
const TOGETHER = 20;
/** Of the cars, every so many is changed, and deleted, a little after it came. */
const CHANGED = 10;
const DELETED = 25;
const MILES = 1_000;

/** Inserts the cars, drives some of them on, and sells some. Some are sold before they have a price. */
export async function changeCars(
  tables: CarTables,
  cars: readonly CarRow[],
  { rate, signal }: TrafficOptions,
): Promise<{ inserted: number; updated: number; deleted: number }> {
  const start = performance.now();
  const done = { inserted: 0, updated: 0, deleted: 0 };
  for (let from = 0; from < cars.length; from += TOGETHER) {
    if (rate > 0) await delay(Math.max(0, start + (from * 1_000) / rate - performance.now()), undefined, { signal });
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
  return done;
}
