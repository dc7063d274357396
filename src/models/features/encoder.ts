import { StreamerError } from '../../errors.ts';
import { ModelError } from '../model-error.ts';
import type { Feature, LookupFeature, NumberFeature, OneHotFeature, OrdinalFeature } from './feature.ts';

/** The columns that one feature makes of one field. */
export interface Encoder {
  readonly columns: readonly string[];
  /** Writes a number for each column, from `at` on. */
  write(value: unknown, into: Float32Array, at: number): void;
}

/** @throws StreamerError `USAGE` when the feature still needs to be fitted */
export function encoderOf(field: string, feature: Feature): Encoder {
  if (feature.kind === 'ordinal') return ordinalEncoder(field, feature);
  if (feature.kind === 'oneHot') return oneHotEncoder(field, feature);
  if (feature.kind === 'lookup') return lookupEncoder(field, feature);
  return numberEncoder(field, feature);
}

/** Returns the number that `standardise` and `fit` use: the logarithm where the feature has `log`. */
export function transformed(feature: NumberFeature, x: number): number {
  return feature.kind === 'log' || (feature.kind === 'standardise' && feature.log === true) ? Math.sign(x) * Math.log1p(Math.abs(x)) : x;
}

function numberEncoder(field: string, feature: NumberFeature): Encoder {
  const { missing = 'nan' } = feature;
  const { mean, deviation } = feature.kind === 'standardise' ? scaleOf(field, feature) : { mean: 0, deviation: 1 };
  return {
    columns: [feature.as ?? field],
    write(value, into, at) {
      const x = isMissing(value) ? replacement(field, missing) : numberOf(field, value);
      const number = transformed(feature, x);
      into[at] = feature.kind === 'standardise' ? (number - mean) / deviation : number;
    },
  };
}

function scaleOf(
  field: string,
  { mean, deviation }: { readonly mean?: number | undefined; readonly deviation?: number | undefined },
): { mean: number; deviation: number } {
  if (mean === undefined || deviation === undefined) throw unfitted(field);
  return { mean, deviation };
}

function ordinalEncoder(
  field: string,
  { values, unknown = 'refuse', missing = 'nan', codes = false, as = field }: OrdinalFeature,
): Encoder {
  if (values === undefined) throw unfitted(field);
  const positions = new Map<unknown, number>(values.map((value, position) => [value, position]));
  if (codes) for (let position = 0; position < values.length; position++) positions.set(position, position);
  const other = (value: unknown) => replacement(field, unknown, value, values);
  return {
    columns: [as],
    write(value, into, at) {
      if (isMissing(value)) into[at] = replacement(field, missing);
      else into[at] = positions.get(codes && typeof value === 'number' ? value : textOf(field, value)) ?? other(value);
    },
  };
}

function oneHotEncoder(field: string, { values, unknown = 'refuse', missing = 'zeros', as = field }: OneHotFeature): Encoder {
  if (values === undefined) throw unfitted(field);
  const positions = new Map(values.map((value, position) => [value, position]));
  const other = typeof unknown === 'object' ? positions.get(unknown.as) : undefined;
  return {
    columns: values.map((value) => `${as}=${value}`),
    write(value, into, at) {
      const lacks = isMissing(value);
      const position = lacks ? undefined : (positions.get(textOf(field, value)) ?? other);
      const policy = lacks ? missing : unknown;
      if (position === undefined && policy === 'refuse') throw lacks ? lacking(field) : foreign(field, value, values);
      into.fill(position === undefined && policy === 'nan' ? Number.NaN : 0, at, at + values.length);
      if (position !== undefined) into[at + position] = 1;
    },
  };
}

function lookupEncoder(field: string, { table, unknown = 'refuse', missing = 'nan', as = field }: LookupFeature): Encoder {
  const numbers = new Map(Object.entries(table));
  return {
    columns: [as],
    write(value, into, at) {
      if (isMissing(value)) into[at] = replacement(field, missing);
      else into[at] = numbers.get(textOf(field, value)) ?? replacement(field, unknown, value, [...numbers.keys()]);
    },
  };
}

function isMissing(value: unknown): boolean {
  return value === null || value === undefined || Number.isNaN(value);
}

function replacement(field: string, policy: 'nan' | 'refuse' | number, value?: unknown, known: readonly string[] = []): number {
  if (policy === 'nan') return Number.NaN;
  if (policy === 'refuse') throw value === undefined ? lacking(field) : foreign(field, value, known);
  return policy;
}

function numberOf(field: string, value: unknown): number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new ModelError('REFUSED', `the field ${JSON.stringify(field)} must be a finite number, got ${shown(value)}`, { field });
}

function textOf(field: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new ModelError('REFUSED', `the field ${JSON.stringify(field)} must be a string, got ${shown(value)}`, { field });
}

function lacking(field: string): ModelError {
  return new ModelError('REFUSED', `the row lacks the field ${JSON.stringify(field)}, which must not be missing`, { field });
}

function foreign(field: string, value: unknown, known: readonly string[]): ModelError {
  const some = `${known.slice(0, 12).join(', ')}${known.length > 12 ? ', ...' : ''}`;
  return new ModelError('REFUSED', `the field ${JSON.stringify(field)} must be one of ${some}; got ${shown(value)}`, { field });
}

function unfitted(field: string): StreamerError {
  const next = 'Give the values, or call `fit(rows)` with the training rows and use what it returns.';
  return new StreamerError('USAGE', `the feature of field ${JSON.stringify(field)} has not been fitted`, { next });
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 60);
}
