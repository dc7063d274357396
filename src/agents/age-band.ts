import { StreamerError } from '../errors.ts';
import { aFunction, checkOptions, checkValue, refuse, sentence, that } from '../options/index.ts';
import type { Behaviour } from './behaviour.ts';
import { handlerBehaviour } from './each.ts';

export interface AgeBand {
  /** Youngest age let through, in years. @default none */
  readonly min?: number | undefined;
  /** Oldest age let through, in years. @default none */
  readonly max?: number | undefined;
}

const years = that('a number of years', (value) => typeof value === 'number' && !Number.isNaN(value));

/**
 * Hands on the events whose age lies in the band, both limits included. An event whose age is missing or not a finite
 * number fails with `VALIDATION` and goes to the dead-letter topic: it belongs to no band, and is not dropped in silence.
 */
export function ageBand<K, V>(band: AgeBand, age: (value: V) => number | null | undefined): Behaviour<K, V, V> {
  checkOptions<AgeBand>('ageBand', band, { min: years, max: years });
  checkValue('ageBand', aFunction, age);
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = band;
  refuse('ageBand', min > max ? [`expected a min that is not above max, got min ${min} and max ${max}`] : []);
  return handlerBehaviour<K, V, V>('ageBand', (value) => {
    const found = age(value);
    if (typeof found !== 'number' || !Number.isFinite(found)) {
      throw new StreamerError('VALIDATION', sentence('age', years.expected, found));
    }
    return found >= min && found <= max ? value : undefined;
  });
}
