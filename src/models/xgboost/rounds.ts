import { ConfigError } from '../../errors.ts';
import type { TreeBooster } from './booster.ts';

/**
 * The rounds of boosting that are summed.
 *
 * - `'best'`: up to `best_iteration`, where early stopping left one in the file, else all, as `XGBClassifier.predict` and
 *   `XGBRegressor.predict` do.
 * - `'all'`: as `Booster.predict` does.
 * - `[begin, end)`: as `iteration_range`.
 */
export type Rounds = 'best' | 'all' | readonly [begin: number, end: number];

/**
 * Returns the trees of the rounds, `[begin, end)`. A `best_iteration` beyond the last round, which a slice of a booster can keep, means all.
 *
 * @throws ConfigError when there are no such rounds
 */
export function treesOf(booster: TreeBooster, rounds: Rounds, attributes: Readonly<Record<string, string>>): readonly [number, number] {
  const { rounds: starts } = booster;
  const count = starts.length - 1;
  const [begin, end] = rangeOf(rounds, count, attributes);
  if (!Number.isInteger(begin) || !Number.isInteger(end) || begin < 0 || end < begin || end > count)
    throw new ConfigError(`rounds must be [begin, end) within [0, ${count}), got [${begin}, ${end})`);
  return [starts[begin] ?? 0, starts[end] ?? 0];
}

function rangeOf(rounds: Rounds, count: number, attributes: Readonly<Record<string, string>>): readonly [number, number] {
  if (rounds === 'all') return [0, count];
  if (rounds !== 'best') return rounds;
  const best = bestIteration(attributes);
  return [0, best === undefined ? count : Math.min(best + 1, count)];
}

/** @throws ConfigError when the attribute is not a whole number */
function bestIteration(attributes: Readonly<Record<string, string>>): number | undefined {
  const text = attributes.best_iteration;
  if (text === undefined) return undefined;
  // Versions 1.6 and 1.7 write it after training no round.
  if (text === '-1') return undefined;
  if (!/^\d+$/.test(text)) throw new ConfigError(`the model file is damaged: best_iteration is ${JSON.stringify(text)}`);
  return Number(text);
}
