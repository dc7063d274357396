import { createHash } from 'node:crypto';
import { ConfigError } from '../../errors.ts';
import { ModelError } from '../model-error.ts';
import { problemsOf } from './check.ts';
import { type Encoder, encoderOf } from './encoder.ts';
import type { Feature, NumberFeature } from './feature.ts';
import { fitted } from './fit.ts';

/** A field's feature, or several made of the same field. */
export type FeatureMap = Readonly<Record<string, Feature | readonly Feature[]>>;

/** The rows that fit a declaration: numbers where they are wanted as such, texts else; null where a value is missing. */
export type RowOf<Map extends FeatureMap> = { readonly [Field in keyof Map]: ValueOf<Map[Field]> | null };
type ValueOf<Declared> = (Declared extends readonly (infer One)[] ? One : Declared) extends NumberFeature
  ? number | boolean
  : string | number | boolean;

/** A declaration as it is saved beside a model. */
export interface FeaturesFile {
  readonly kind: 'streamer.features';
  readonly version: 1;
  readonly fields: FeatureMap;
  readonly columns: readonly string[];
  readonly hash: string;
}

/**
 * From a row to the numbers of a model, declared once for training and serving:
 *
 *     const bank = features({ age: numeric(), job: oneHot(['admin.', ...]), balance: log(), month: ordinal(MONTHS) });
 *
 * Columns come in the order of the declaration. What the declaration leaves open, as the list of a `oneHot()` without values, `fit` finds.
 *
 * @throws ConfigError with all that is wrong with the declaration
 */
export function features<const Map extends FeatureMap>(fields: Map): Features<RowOf<Map>> {
  return new Features<RowOf<Map>>(fields);
}

export class Features<Row extends object> {
  readonly fields: FeatureMap;
  #encoders: ReadonlyArray<Encoder & { readonly field: string }> | undefined;

  constructor(fields: FeatureMap) {
    const problems = Object.entries(fields).flatMap(([field, declared]) =>
      listOf(declared).flatMap((feature) => problemsOf(field, feature)),
    );
    if (Object.keys(fields).length === 0) problems.push('there are no fields');
    if (problems.length > 0) throw new ConfigError(problems.map((problem) => `features: ${problem}`));
    this.fields = fields;
    if (this.isFitted) this.#encoders = this.#open();
  }

  /** Is nothing left open? Only then can rows be encoded. */
  get isFitted(): boolean {
    return Object.values(this.fields)
      .flatMap(listOf)
      .every((feature) =>
        feature.kind === 'oneHot' || feature.kind === 'ordinal'
          ? feature.values !== undefined
          : feature.kind !== 'standardise' || feature.mean !== undefined,
      );
  }

  /** Names of the numbers of a row. */
  get columns(): readonly string[] {
    return this.#ready().flatMap(({ columns }) => columns);
  }

  /** `sha256:` and 64 hexadecimal digits over the declaration: the same for the same encoding. */
  get hash(): string {
    return `sha256:${createHash('sha256').update(canonical(this.fields)).digest('hex')}`;
  }

  /** The same declaration with what it left open taken from training rows. */
  fit(rows: readonly Row[]): Features<Row> {
    const entries = Object.entries(this.fields).map(([field, declared]) => {
      const values = rows.map((row) => (row as Record<string, unknown>)[field]);
      const list = listOf(declared).map((feature) => fitted(field, feature, values));
      return [field, list.length === 1 ? (list[0] as Feature) : list];
    });
    return new Features<Row>(Object.fromEntries(entries));
  }

  /**
   * Writes one row's numbers, as many as there are columns, from `at` on. A missing value, null, is NaN.
   *
   * @throws ModelError `REFUSED` that names the field, when the row does not fit; also when it lacks one, as by a name that is misspelt
   */
  write(row: Row, into: Float32Array, at: number): void {
    let next = at;
    for (const encoder of this.#ready()) {
      const value = (row as Record<string, unknown>)[encoder.field];
      if (value === undefined) throw this.#lacking(row);
      encoder.write(value, into, next);
      next += encoder.columns.length;
    }
  }

  /**
   * The numbers of all rows, one row after the other.
   *
   * @throws ModelError `REFUSED` that names the field, when a row does not fit
   */
  encode(rows: readonly Row[]): Float32Array {
    const width = this.columns.length;
    const numbers = new Float32Array(rows.length * width);
    rows.forEach((row, at) => {
      this.write(row, numbers, at * width);
    });
    return numbers;
  }

  /** To be saved beside the model, as `model.features.json`. */
  toJSON(): FeaturesFile {
    return { kind: 'streamer.features', version: 1, fields: this.fields, columns: this.columns, hash: this.hash };
  }

  #lacking(row: Row): ModelError {
    const absent = Object.keys(this.fields).filter((field) => (row as Record<string, unknown>)[field] === undefined);
    const list = absent.slice(0, 10).map((field) => JSON.stringify(field));
    const others = absent.length > 10 ? ` and ${absent.length - 10} more` : '';
    return new ModelError('REFUSED', `the row lacks ${list.join(', ')}${others}`, {
      next: 'null stands for a missing value.',
      field: absent[0],
    });
  }

  #ready(): ReadonlyArray<Encoder & { readonly field: string }> {
    this.#encoders ??= this.#open();
    return this.#encoders;
  }

  #open(): Array<Encoder & { readonly field: string }> {
    const encoders = Object.entries(this.fields).flatMap(([field, declared]) =>
      listOf(declared).map((feature) => ({ field, ...encoderOf(field, feature) })),
    );
    const columns = encoders.flatMap((encoder) => encoder.columns);
    const twice = columns.find((column, at) => columns.indexOf(column) !== at);
    if (twice !== undefined) throw new ConfigError(`features: two columns are named ${JSON.stringify(twice)}; tell them apart by \`as\``);
    return encoders;
  }
}

/**
 * A declaration from its JSON: what `toJSON` gave, or the plain list of Python training scripts
 * `{ "features": [names in order], "categorical": { name: [values] } }`, where values stand for their position, numbers are positions already, and unseen values are missing.
 *
 * @throws ConfigError when it is neither, or was changed since it was saved
 */
export function featuresFromJson<Row extends object = Readonly<Record<string, unknown>>>(json: unknown): Features<Row> {
  const file = json as Partial<FeaturesFile> & { readonly features?: unknown; readonly categorical?: unknown };
  if (typeof json === 'object' && json !== null && Array.isArray(file.features))
    return new Features<Row>(plainList(file.features, file.categorical));
  if (
    typeof json !== 'object' ||
    json === null ||
    file.kind !== 'streamer.features' ||
    typeof file.fields !== 'object' ||
    file.fields === null
  )
    throw new ConfigError('this is no saved declaration of features: it must have `"kind": "streamer.features"` and `fields`');
  if (file.version !== 1)
    throw new ConfigError(`the saved declaration of features has version ${JSON.stringify(file.version)}; 1 is known`);
  const read = new Features<Row>(file.fields);
  if (read.hash !== file.hash)
    throw new ConfigError('the saved declaration of features was changed: its fields do not fit its hash', {
      next: 'Save it again from the declaration that trained the model.',
    });
  return read;
}

function plainList(names: readonly unknown[], categorical: unknown): FeatureMap {
  const lists = (categorical ?? {}) as Record<string, unknown>;
  const entries = names.map((name): [string, Feature] => {
    const values = Object.hasOwn(lists, String(name)) ? lists[String(name)] : undefined;
    if (values === undefined) return [String(name), { kind: 'numeric' }];
    return [String(name), { kind: 'ordinal', values: values as string[], unknown: 'nan', codes: true }];
  });
  const map = Object.fromEntries(entries);
  // An object puts whole numbers first; a model without names would take one column for another.
  if (Object.keys(map).join('\n') !== names.join('\n'))
    throw new ConfigError('features: the names must differ, and those that are whole numbers come first, in rising order');
  return map;
}

function listOf(declared: Feature | readonly Feature[]): readonly Feature[] {
  return Array.isArray(declared) ? declared : [declared as Feature];
}

/** The order of fields and of a list's values matters, that of a feature's own options does not. */
function canonical(fields: FeatureMap): string {
  const plain = (feature: Feature) =>
    Object.entries(feature)
      .filter(([, value]) => value !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [name, name === 'table' ? Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1)) : value]);
  return JSON.stringify(Object.entries(fields).map(([field, declared]) => [field, listOf(declared).map(plain)]));
}
