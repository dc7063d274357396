import { createHash } from 'node:crypto';
import { ConfigError } from '../../errors.ts';
import { problemsOf } from './check.ts';
import type { Feature, NumberFeature } from './feature.ts';

/** A field's feature, or several features of the same field. */
export type FeatureMap = Readonly<Record<string, Feature | readonly Feature[]>>;

/** The rows that fit a declaration: numbers where the feature is a number, else strings; null where a value is missing. */
export type RowOf<Map extends FeatureMap> = { readonly [Field in keyof Map]: ValueOf<Map[Field]> | null };
type ValueOf<Declared> = (Declared extends readonly (infer One)[] ? One : Declared) extends NumberFeature
  ? number | boolean
  : string | number | boolean;

/** Fields and their features, in the order of the declaration. */
export type FieldFeatures = ReadonlyArray<readonly [field: string, features: readonly Feature[]]>;

/** @throws ConfigError with everything that is wrong with the declaration */
export function fieldsOf(fields: FeatureMap): FieldFeatures {
  const list = Object.entries(fields).map(([field, declared]) => [field, listOf(declared)] as const);
  const problems = list.flatMap(([field, features]) => features.flatMap((feature) => problemsOf(field, feature)));
  if (list.length === 0) problems.push('there are no fields');
  if (problems.length > 0) throw new ConfigError(problems.map((problem) => `features: ${problem}`));
  return list;
}

/** Returns true when the rows to train on have nothing more to say about the feature. */
export function isComplete(feature: Feature): boolean {
  if (feature.kind === 'oneHot' || feature.kind === 'ordinal') return feature.values !== undefined;
  return feature.kind !== 'standardise' || feature.mean !== undefined;
}

/** Returns `sha256:` and 64 hexadecimal digits over the declaration: the same for the same encoding. */
export function hashOf(fields: FieldFeatures): string {
  return `sha256:${createHash('sha256').update(canonical(fields)).digest('hex')}`;
}

function isList(declared: Feature | readonly Feature[]): declared is readonly Feature[] {
  return Array.isArray(declared);
}

function listOf(declared: Feature | readonly Feature[]): readonly Feature[] {
  return isList(declared) ? declared : [declared];
}

/** The order of fields and of a list's values counts, the order of a feature's own options does not. */
function canonical(fields: FieldFeatures): string {
  const plain = (feature: Feature) =>
    sorted(feature).map(([name, value]) => [name, feature.kind === 'lookup' && name === 'table' ? sorted(feature.table) : value]);
  return JSON.stringify(fields.map(([field, features]) => [field, features.map(plain)]));
}

function sorted(options: object): Array<[string, unknown]> {
  return Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
