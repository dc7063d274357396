import { ConfigError, refuseOthers, StreamerError } from '../errors.ts';
import { preview } from '../topics/index.ts';
import type { Behaviour } from './behaviour.ts';
import { checkFunction, handlerBehaviour } from './each.ts';

export interface AgeBand {
  /** Youngest age let through, in years. @default none */
  readonly min?: number | undefined;
  /** Oldest age let through, in years. @default none */
  readonly max?: number | undefined;
}

/**
 * Hands on the events whose age lies in the band, both limits included. An event whose age is missing or not a finite
 * number fails with `VALIDATION` and goes to the dead-letter topic: it belongs to no band, and is not dropped in silence.
 */
export function ageBand<K, V>(band: AgeBand, age: (value: V) => number | null | undefined): Behaviour<K, V, V> {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, ...unknown } = band;
  refuseOthers('ageBand', unknown);
  for (const [name, limit] of Object.entries({ min, max })) {
    if (typeof limit !== 'number') throw new ConfigError(`ageBand: ${name} must be a number of years, got ${preview(limit)}`);
  }
  checkFunction('ageBand', age);
  if (Number.isNaN(min) || Number.isNaN(max) || min > max) {
    throw new ConfigError(`ageBand: min must not be above max, got min ${String(min)} and max ${String(max)}`);
  }
  return handlerBehaviour<K, V, V>('ageBand', (value) => {
    const years = age(value);
    if (typeof years !== 'number' || !Number.isFinite(years)) {
      throw new StreamerError('VALIDATION', `age: expected a number of years, got ${preview(years)}`);
    }
    return years >= min && years <= max ? value : undefined;
  });
}
