import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { asset } from '../assets.ts';
import { type CarRow, carsOf } from '../cars.ts';
import { CarTables, type Comparison } from './car-tables.ts';
import { type Parts, startParts } from './parts.ts';
import { changeCars, type Traffic } from './traffic.ts';

export interface RunOptions {
  readonly file: string;
  /** Not the sample: the model is trained on it first. */
  readonly isOwnFile: boolean;
  /** Cars per second; 0 = as fast as it goes. */
  readonly rate: number;
  readonly limit: number;
  readonly brokers: string | undefined;
  readonly signal: AbortSignal;
  say(text: string): void;
}

/** What became of the cars; latency is from the commit of a car to the commit of its price. */
export interface Summary {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  readonly priced: number;
  /** Cars without a price. */
  readonly lost: number;
  /** Records on the topics beyond one per change, and second rows of a car. */
  readonly duplicates: number;
  /** Rows that differ from their car, whose price is not the offline score, or whose car is deleted. */
  readonly mismatches: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly rowsPerSecond: number;
}

/** Longest time without any progress. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 50;
const SAY_MS = 1_000;

export async function run(options: RunOptions): Promise<Summary> {
  const folder = await mkdtemp(join(tmpdir(), 'streamer-car-price-'));
  let parts: Parts | undefined;
  let tables: CarTables | undefined;
  try {
    const cars = await carsToInsert(options);
    const weights = options.isOwnFile ? await trained(cars, folder, options) : asset('model/weights.json');
    parts = await startParts({ ...options, weights });
    tables = await CarTables.open(parts.postgresUrl);
    return await measured(cars.slice(0, options.limit), weights, parts, tables, options);
  } finally {
    await tables?.close();
    await parts?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function carsToInsert({ file, say }: RunOptions): Promise<readonly CarRow[]> {
  const { cars, rejected } = await carsOf(file);
  for (const { line, reason } of rejected.slice(0, 5)) say(`line ${line} is not a car and is left out: ${reason}`);
  if (cars.length === 0) throw new RangeError(`${file} has no cars`);
  return cars;
}

async function trained(cars: readonly CarRow[], folder: string, { file, say }: RunOptions): Promise<string> {
  const { train } = await import('../model/training.ts');
  const started = performance.now();
  const { model, training, test } = await train(cars);
  const path = join(folder, 'weights.json');
  await model.save(path);
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  say(
    `trained on ${training.rows.toLocaleString('en')} cars of ${file} in ${seconds} s, error on the others ${test.rmse.toFixed(0)} pounds (RMSE)`,
  );
  return path;
}

async function measured(cars: readonly CarRow[], weights: string, parts: Parts, tables: CarTables, options: RunOptions): Promise<Summary> {
  const before = await parts.recordCounts();
  const traffic = changeCars(tables, cars, { ...options, patienceMs: PATIENCE_MS });
  traffic.catch(() => {});
  const {
    done: { start, ...done },
    comparison,
  } = await watched(traffic, parts, tables, options);
  const seconds = (performance.now() - start) / 1_000;
  const after = await parts.recordCounts();
  const changes = done.inserted + done.updated + done.deleted;
  const surplus = (count: number) => Math.max(0, count - changes);
  const wrongPrices = await tables.wrongPrices(weights);
  const { p50Ms, p99Ms } = await tables.latency();
  return {
    ...done,
    priced: comparison.priced,
    lost: comparison.missing,
    duplicates: surplus(after.changed - before.changed) + surplus(after.predicted - before.predicted) + comparison.doubled,
    mismatches: comparison.different + comparison.left + wrongPrices,
    p50Ms,
    p99Ms,
    rowsPerSecond: Math.round(done.inserted / seconds),
  };
}

/** Looks until the second table is what the first one makes it, or nothing changes any more. */
async function watched(
  traffic: Promise<Traffic>,
  parts: Parts,
  tables: CarTables,
  { signal, say }: RunOptions,
): Promise<{ done: Traffic; comparison: Comparison }> {
  let done: Traffic | undefined;
  const ended = traffic.then((result) => (done = result));
  // It is awaited below, a little later.
  ended.catch(() => {});
  let last = '';
  let movedAt = performance.now();
  let saidAt = 0;
  for (;;) {
    signal.throwIfAborted();
    parts.check();
    const isOver = done !== undefined;
    const comparison = await tables.compare();
    const now = performance.now();
    const picture = JSON.stringify(comparison);
    if (picture !== last) movedAt = now;
    last = picture;
    if (now - saidAt > SAY_MS) {
      saidAt = now;
      say(`  cars ${comparison.cars.toLocaleString('en')}   priced ${comparison.priced.toLocaleString('en')}`);
    }
    const isSettled = comparison.missing + comparison.different + comparison.left === 0;
    if (isOver && (isSettled || now - movedAt > PATIENCE_MS)) return { done: await ended, comparison };
    await Promise.race([delay(LOOK_MS), ...(isOver ? [] : [ended])]);
  }
}
