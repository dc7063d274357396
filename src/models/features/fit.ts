import { ConfigError } from '../../errors.ts';
import { transformed } from './encoder.ts';
import type { Feature } from './feature.ts';

/** Returns the feature completed from the values of its field, without the missing ones. */
export function fitted(field: string, feature: Feature, values: readonly unknown[]): Feature {
  if ((feature.kind === 'oneHot' || feature.kind === 'ordinal') && feature.values === undefined)
    return { ...feature, values: distinct(field, values) };
  if (feature.kind === 'standardise' && feature.mean === undefined) {
    const numbers = values
      .filter((value) => value !== null && value !== undefined && !Number.isNaN(value))
      .map((value) => transformed(feature, Number(value)));
    return { ...feature, ...spread(field, numbers) };
  }
  return feature;
}

function distinct(field: string, values: readonly unknown[]): string[] {
  const texts = new Set(values.filter((value) => value !== null && value !== undefined).map(String));
  if (texts.size === 0) throw new ConfigError(`the field ${JSON.stringify(field)} has no value in the rows to fit`);
  return [...texts].sort();
}

/** Mean and population standard deviation; a constant column is divided by 1. */
function spread(field: string, numbers: readonly number[]): { mean: number; deviation: number } {
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const deviation = Math.sqrt(numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0) / numbers.length) || 1;
  if (!Number.isFinite(mean) || !Number.isFinite(deviation))
    throw new ConfigError(`the field ${JSON.stringify(field)} has no finite mean in the rows to fit`);
  return { mean, deviation };
}
