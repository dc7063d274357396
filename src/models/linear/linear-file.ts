import { ConfigError } from '../../errors.ts';

/** What one field adds to the sum. */
export type LinearField =
  | {
      readonly field: string;
      readonly kind: 'number';
      readonly mean: number;
      readonly deviation: number;
      readonly log: boolean;
      readonly coefficient: number;
    }
  | { readonly field: string; readonly kind: 'category'; readonly coefficients: ReadonlyMap<string, number> };

/** `identity`: the answer is the sum. `logit`: the answer is the probability 1 / (1 + exp(-sum)). */
export type LinearLink = 'identity' | 'logit';

export interface LinearFile {
  readonly link: LinearLink;
  readonly intercept: number;
  readonly fields: readonly LinearField[];
  /** Hash of the features that it was trained with, where the file has it. */
  readonly featuresHash: string | undefined;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads a linear or logistic regression in one of three plain JSON forms, told apart by their fields:
 *
 * - `{ "kind": "logistic-regression", "intercept": 0, "fields": [{ "field": "age", "kind": "number", "mean": 40, "std": 10,
 *   "coefficient": 0.1 }, { "field": "job", "kind": "category", "values": ["admin."], "coefficients": [0.2] }] }`
 * - `{ "features": ["age"], "coefficients": [0.1], "intercept": 0 }`: numbers by position, what scikit-learn calls `coef_`
 * - `{ "model": { "intercept", "numbers": { "age": { "transform", "mean", "deviation", "weight" } }, "texts": { "job": { "admin.": 0.2 } } } }`:
 *   the weights of the customer-prediction example, with or without `model` around them
 *
 * @param link for a file that does not say by its `kind` what its sum means
 * @throws ConfigError when it is none of these, or says nothing of its link
 */
export function readLinearFile(text: string, link?: LinearLink): LinearFile {
  const json = objectOf(parsed(text), 'the file');
  const inner = 'model' in json ? objectOf(json.model, 'model') : json;
  const fields = Array.isArray(inner.fields)
    ? inner.fields.map(fieldOf)
    : Array.isArray(inner.coefficients)
      ? flatFields(inner)
      : weightFields(inner);
  const isExample = fields !== undefined && 'numbers' in inner;
  if (fields === undefined)
    throw new ConfigError('this is no linear model: it has neither `fields`, nor `features` and `coefficients`, nor `numbers` and `texts`');
  const twice = fields.find(({ field }, at) => fields.findIndex((other) => other.field === field) !== at);
  if (twice !== undefined) throw new ConfigError(`the linear model has the field ${JSON.stringify(twice.field)} twice`);
  return {
    link: linkOf(inner.kind, link ?? (isExample ? 'logit' : undefined)),
    intercept: numberOf(inner.intercept, 'intercept'),
    fields,
    featuresHash: typeof inner.featuresHash === 'string' ? inner.featuresHash : undefined,
  };
}

function linkOf(kind: unknown, given: LinearLink | undefined): LinearLink {
  const own = kind === 'logistic-regression' ? 'logit' : kind === 'linear-regression' ? 'identity' : undefined;
  if (kind !== undefined && own === undefined)
    throw new ConfigError(`a linear model's kind must be linear-regression or logistic-regression, got ${JSON.stringify(kind)}`);
  if (own !== undefined && given !== undefined && own !== given)
    throw new ConfigError(`the model is a ${kind}, its link is ${own} and not ${given}`);
  const link = own ?? given;
  if (link === undefined)
    throw new ConfigError('the linear model does not say what its sum means', {
      next: "Say `link: 'logit'` (a probability) or `link: 'identity'`.",
    });
  return link;
}

function fieldOf(value: unknown, at: number): LinearField {
  const json = objectOf(value, `fields[${at}]`);
  const { field, kind } = json;
  if (typeof field !== 'string') throw new ConfigError(`fields[${at}] has no field name`);
  if (kind === 'number') {
    const { mean = 0, std = 1, log = false, coefficient } = json;
    return {
      field,
      kind,
      mean: numberOf(mean, field),
      deviation: divisor(std, field),
      log: flag(log, field),
      coefficient: numberOf(coefficient, field),
    };
  }
  if (
    kind !== 'category' ||
    !Array.isArray(json.values) ||
    !Array.isArray(json.coefficients) ||
    json.values.length !== json.coefficients.length
  )
    throw new ConfigError(`the field ${JSON.stringify(field)} must be a number, or a category with as many coefficients as values`);
  const { coefficients } = json;
  return {
    field,
    kind,
    coefficients: new Map(json.values.map((name, i) => [String(name), numberOf((coefficients as unknown[])[i], field)])),
  };
}

function flatFields(json: Json): LinearField[] {
  const { features, coefficients } = json as { features?: unknown; coefficients: unknown[] };
  if (!Array.isArray(features) || features.length !== coefficients.length)
    throw new ConfigError(`the linear model has ${coefficients.length} coefficients and must name as many features`);
  return features.map((field, at) => ({
    field: String(field),
    kind: 'number',
    mean: 0,
    deviation: 1,
    log: false,
    coefficient: numberOf(coefficients[at], String(field)),
  }));
}

function weightFields(json: Json): LinearField[] | undefined {
  if (!('numbers' in json) || !('texts' in json)) return undefined;
  const numbers = Object.entries(objectOf(json.numbers, 'numbers')).map(([field, value]): LinearField => {
    const { transform, mean, deviation, weight } = objectOf(value, field);
    if (transform !== 'plain' && transform !== 'log')
      throw new ConfigError(`the field ${JSON.stringify(field)} must have the transform plain or log`);
    return {
      field,
      kind: 'number',
      mean: numberOf(mean, field),
      deviation: divisor(deviation, field),
      log: transform === 'log',
      coefficient: numberOf(weight, field),
    };
  });
  const texts = Object.entries(objectOf(json.texts, 'texts')).map(([field, value]): LinearField => {
    const weights = Object.entries(objectOf(value, field)).map(([name, weight]) => [name, numberOf(weight, field)] as const);
    return { field, kind: 'category', coefficients: new Map(weights) };
  });
  return [...numbers, ...texts];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`a linear model must be JSON: ${(cause as Error).message}`, { cause });
  }
}

function objectOf(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ConfigError(`the linear model is damaged: ${what} must be an object`);
  return value as Json;
}

function numberOf(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new ConfigError(`the linear model is damaged: ${what} has ${JSON.stringify(value)} for a number`);
  return value;
}

function divisor(value: unknown, what: string): number {
  const number = numberOf(value, what);
  if (!(number > 0)) throw new ConfigError(`the linear model is damaged: ${what} has a deviation of ${number}`);
  return number;
}

function flag(value: unknown, what: string): boolean {
  if (typeof value !== 'boolean') throw new ConfigError(`the linear model is damaged: ${what} must have log true or false`);
  return value;
}
