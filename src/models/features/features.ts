import { ConfigError } from '../../errors.ts';
import { ModelError } from '../model-error.ts';
import { valueOf } from '../record.ts';
import { type FeatureMap, type FieldFeatures, fieldsOf, hashOf, isComplete, type RowOf } from './declaration.ts';
import { type Encoder, encoderOf } from './encoder.ts';
import { fitted } from './fit.ts';

/** A declaration as it is saved beside a model. */
export interface FeaturesFile {
  readonly kind: 'streamer.features';
  readonly version: 1;
  readonly fields: FeatureMap;
  readonly columns: readonly string[];
  readonly hash: string;
}

/**
 * Declares how a row becomes the numbers of a model, once for training and serving:
 *
 *     const bank = features({ age: numeric(), job: oneHot(['admin.', ...]), balance: log(), month: ordinal(MONTHS) });
 *
 * Columns come in the order of the declaration. `fit` finds the rest, as the values of a `oneHot()` that names none.
 *
 * @throws ConfigError with everything that is wrong with the declaration
 */
export function features<const Map extends FeatureMap>(fields: Map): Features<RowOf<Map>> {
  return new Features<RowOf<Map>>(fields);
}

interface FieldEncoder extends Encoder {
  readonly field: string;
}

export class Features<Row extends object> {
  readonly fields: FeatureMap;
  readonly #fields: FieldFeatures;
  #encoders: readonly FieldEncoder[] | undefined;

  constructor(fields: FeatureMap) {
    this.fields = fields;
    this.#fields = fieldsOf(fields);
    if (this.isFitted) this.#encoders = this.#open();
  }

  /** True when the declaration is complete: only then can rows be encoded. */
  get isFitted(): boolean {
    return this.#fields.every(([, list]) => list.every(isComplete));
  }

  /** Names of the numbers of a row. */
  get columns(): readonly string[] {
    return this.#ready().flatMap(({ columns }) => columns);
  }

  /** `sha256:` and 64 hexadecimal digits over the declaration: the same for the same encoding. */
  get hash(): string {
    return hashOf(this.#fields);
  }

  /** Returns the same declaration, completed from training rows. */
  fit(rows: readonly Row[]): Features<Row> {
    const entries = this.#fields.map(([field, list]) => {
      const values = rows.map((row) => valueOf(row, field));
      const [first, ...others] = list.map((feature) => fitted(field, feature, values));
      return [field, first !== undefined && others.length === 0 ? first : [...(first === undefined ? [] : [first]), ...others]] as const;
    });
    return new Features<Row>(Object.fromEntries(entries));
  }

  /**
   * Writes one row's numbers, as many as there are columns, from `at` on. A missing value, null, is NaN.
   *
   * @throws ModelError `REFUSED` that names the field, when the row does not fit or lacks a field, as by a misspelt name
   */
  write(row: Row, into: Float32Array, at: number): void {
    let next = at;
    for (const encoder of this.#ready()) {
      const value = valueOf(row, encoder.field);
      if (value === undefined) throw this.#lacking(row);
      encoder.write(value, into, next);
      next += encoder.columns.length;
    }
  }

  /** @throws ModelError `REFUSED` that names the field, when a row has true or false for a number */
  checkTypes(row: Row): void {
    for (const [field, list] of this.#fields) {
      const isNumber = list.some(({ kind }) => kind === 'numeric' || kind === 'log' || kind === 'standardise');
      const value = valueOf(row, field);
      if (isNumber && typeof value === 'boolean')
        throw new ModelError('REFUSED', `the field ${JSON.stringify(field)} must be a number, got ${value}`, { field });
    }
  }

  /**
   * Returns the numbers of all rows, one row after the other.
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

  /** The content of the file beside the model, `model.features.json`. */
  toJSON(): FeaturesFile {
    return { kind: 'streamer.features', version: 1, fields: this.fields, columns: this.columns, hash: this.hash };
  }

  #lacking(row: Row): ModelError {
    const absent = this.#fields.map(([field]) => field).filter((field) => valueOf(row, field) === undefined);
    const list = absent.slice(0, 10).map((field) => JSON.stringify(field));
    const others = absent.length > 10 ? ` and ${absent.length - 10} more` : '';
    return new ModelError('REFUSED', `the row lacks ${list.join(', ')}${others}`, {
      next: 'null stands for a missing value.',
      field: absent[0],
    });
  }

  #ready(): readonly FieldEncoder[] {
    this.#encoders ??= this.#open();
    return this.#encoders;
  }

  #open(): FieldEncoder[] {
    const encoders = this.#fields.flatMap(([field, list]) => list.map((feature) => ({ field, ...encoderOf(field, feature) })));
    const columns = encoders.flatMap((encoder) => encoder.columns);
    const twice = columns.find((column, at) => columns.indexOf(column) !== at);
    if (twice !== undefined)
      throw new ConfigError(`features: two columns are named ${JSON.stringify(twice)}; give one another name by \`as\``);
    return encoders;
  }
}
