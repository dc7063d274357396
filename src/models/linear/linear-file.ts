import { ConfigError, messageOf } from '../../errors.ts';
import type { AnyRecord } from '../record.ts';
import { categoryField, type LinearField, numberField, numberOf, objectOf } from './linear-field.ts';

/** `identity`: the answer is the sum. `logit`: the answer is the probability 1 / (1 + exp(-sum)). */
export type LinearLink = 'identity' | 'logit';

export interface LinearFile {
  readonly link: LinearLink;
  readonly intercept: number;
  readonly fields: readonly LinearField[];
  /** Hash of the features that it was trained with, where the file has it. */
  readonly featuresHash: string | undefined;
}

/**
 * Reads a linear or logistic regression in one of three plain JSON forms, told apart by their members:
 *
 * - `{ "kind": "logistic-regression", "intercept": 0, "fields": [{ "field": "age", "kind": "number", "mean": 40, "std": 10,
 *   "coefficient": 0.1 }, { "field": "job", "kind": "category", "values": ["admin."], "coefficients": [0.2] }] }`
 * - `{ "features": ["age"], "coefficients": [0.1], "intercept": 0 }`: numbers by position, scikit-learn's `coef_`
 * - `{ "model": { "intercept", "numbers": { "age": { "transform", "mean", "deviation", "weight" } }, "texts": { "job": { "admin.": 0.2 } } } }`:
 *   the weights of the customer-prediction example, with or without `model` around them
 *
 * @param link for a file whose `kind` does not give one
 * @throws ConfigError when it is none of these, or has no link
 */
export function readLinearFile(text: string, link?: LinearLink): LinearFile {
  const json = objectOf(parsed(text), 'the file');
  const inner = 'model' in json ? objectOf(json.model, 'model') : json;
  const fields = fieldsOf(inner);
  const twice = fields.find(({ field }, at) => fields.findIndex((other) => other.field === field) !== at);
  if (twice !== undefined) throw new ConfigError(`the linear model has the field ${JSON.stringify(twice.field)} twice`);
  return {
    link: linkOf(inner.kind, link ?? ('numbers' in inner ? 'logit' : undefined)),
    intercept: numberOf(inner.intercept, 'intercept'),
    fields,
    featuresHash: typeof inner.featuresHash === 'string' ? inner.featuresHash : undefined,
  };
}

function fieldsOf(json: AnyRecord): LinearField[] {
  if (Array.isArray(json.fields)) return json.fields.map(fieldOf);
  if (Array.isArray(json.coefficients)) return flatFields(json.features, json.coefficients);
  if ('numbers' in json && 'texts' in json) return weightFields(objectOf(json.numbers, 'numbers'), objectOf(json.texts, 'texts'));
  throw new ConfigError(
    'this is not a linear model: it has neither `fields`, nor `features` and `coefficients`, nor `numbers` and `texts`',
  );
}

function linkOf(kind: unknown, given: LinearLink | undefined): LinearLink {
  const own = kind === 'logistic-regression' ? 'logit' : kind === 'linear-regression' ? 'identity' : undefined;
  if (kind !== undefined && own === undefined)
    throw new ConfigError(`a linear model's kind must be linear-regression or logistic-regression, got ${JSON.stringify(kind)}`);
  if (own !== undefined && given !== undefined && own !== given)
    throw new ConfigError(`the model is a ${kind}, its link is ${own} and not ${given}`);
  const link = own ?? given;
  if (link !== undefined) return link;
  throw new ConfigError('the linear model does not say what its sum means', {
    next: "Set `link: 'logit'` (a probability) or `link: 'identity'`.",
  });
}

function fieldOf(value: unknown, at: number): LinearField {
  const { field, kind, ...json } = objectOf(value, `fields[${at}]`);
  if (typeof field !== 'string') throw new ConfigError(`fields[${at}] has no field name`);
  if (kind === 'number') {
    const { mean = 0, std = 1, log = false, coefficient } = json;
    return numberField(field, { mean, deviation: std, log, coefficient });
  }
  const { values, coefficients } = json;
  if (kind !== 'category' || !Array.isArray(values) || !Array.isArray(coefficients) || values.length !== coefficients.length)
    throw new ConfigError(`the field ${JSON.stringify(field)} must be a number, or a category with as many coefficients as values`);
  return categoryField(
    field,
    values.map((name, i) => [String(name), coefficients[i]]),
  );
}

function flatFields(features: unknown, coefficients: readonly unknown[]): LinearField[] {
  if (!Array.isArray(features) || features.length !== coefficients.length)
    throw new ConfigError(`the linear model has ${coefficients.length} coefficients and must name as many features`);
  return features.map((field, at) => numberField(String(field), { mean: 0, deviation: 1, log: false, coefficient: coefficients[at] }));
}

function weightFields(numbers: AnyRecord, texts: AnyRecord): LinearField[] {
  const plain = Object.entries(numbers).map(([field, value]) => {
    const { transform, mean, deviation, weight } = objectOf(value, field);
    if (transform !== 'plain' && transform !== 'log')
      throw new ConfigError(`the field ${JSON.stringify(field)} must have the transform plain or log`);
    return numberField(field, { mean, deviation, log: transform === 'log', coefficient: weight });
  });
  return [...plain, ...Object.entries(texts).map(([field, value]) => categoryField(field, Object.entries(objectOf(value, field))))];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`a linear model must be JSON: ${messageOf(cause)}`, { cause });
  }
}
