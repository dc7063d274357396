import { ConfigError } from '../../errors.ts';
import { type AnyRecord, isRecord } from '../record.ts';
import type { FeatureMap } from './declaration.ts';
import type { Feature } from './feature.ts';
import { Features } from './features.ts';

/**
 * Reads a declaration from its JSON: the result of `toJSON`, or the plain list of Python training scripts,
 * `{ "features": [names in order], "categorical": { name: [values] } }`, where values stand for their position, numbers are positions
 * already, and unseen values are missing.
 *
 * @throws ConfigError when it is neither, or was changed since it was saved
 */
export function featuresFromJson<Row extends object = AnyRecord>(json: unknown): Features<Row> {
  if (isRecord(json) && Array.isArray(json.features)) return new Features<Row>(plainList(json.features, json.categorical));
  if (!isRecord(json) || json.kind !== 'streamer.features' || !isRecord(json.fields))
    throw new ConfigError('this is not a saved declaration of features: it must have `"kind": "streamer.features"` and `fields`');
  if (json.version !== 1)
    throw new ConfigError(`the saved declaration of features has version ${JSON.stringify(json.version)}; only version 1 is known`);
  const read = new Features<Row>(savedFields(json.fields));
  if (read.hash !== json.hash)
    throw new ConfigError('the saved declaration of features was changed: its fields do not fit its hash', {
      next: 'Save it again from the declaration that trained the model.',
    });
  return read;
}

/** `Features` checks every one. */
function savedFields(fields: AnyRecord): FeatureMap {
  return fields as FeatureMap;
}

function plainList(names: readonly unknown[], categorical: unknown): FeatureMap {
  const lists = new Map(Object.entries(isRecord(categorical) ? categorical : {}));
  const entries = names.map((name): [string, Feature] => [String(name), featureOf(lists.get(String(name)))]);
  const map = Object.fromEntries(entries);
  // An object puts integer names first; a model without names would then take one column for another.
  if (Object.keys(map).join('\n') !== names.join('\n'))
    throw new ConfigError('features: the names must differ, and integer names must come first, in rising order');
  return map;
}

/** @param values the categories, which `Features` checks; absent for a number */
function featureOf(values: unknown): Feature {
  if (values === undefined) return { kind: 'numeric' };
  return { kind: 'ordinal', values: Array.isArray(values) ? values : [], unknown: 'nan', codes: true };
}
