import { ConfigError } from '../../errors.ts';
import { ModelError } from '../model-error.ts';
import type { RowWriter } from '../worker/scorer.ts';
import type { Categories } from './categories.ts';
import type { ModelFile } from './model-file.ts';

/** A number, a category by its name, yes or no; null and NaN are missing. */
export type FeatureValue = number | string | boolean | null;

/** A row by name, or by the model's own order. */
export type FeatureRow = Readonly<Record<string, FeatureValue | undefined>> | ArrayLike<FeatureValue>;

export interface FeatureRowOptions {
  /** Names of the features in the model's order, for a file that holds none. A file's own names must be the same. */
  readonly featureNames?: readonly string[] | undefined;
  /** What becomes of a category that the model does not know. (XGBoost itself takes some other category then.) @default 'refuse' */
  readonly unknownCategory?: 'refuse' | 'missing' | undefined;
  /** What becomes of a field that is no feature of the model. @default 'refuse' */
  readonly extraFields?: 'refuse' | 'ignore' | undefined;
}

/** @throws ConfigError when the names given are not those of the file */
export function featureRowWriter(file: ModelFile, options: FeatureRowOptions): RowWriter<FeatureRow> {
  const { featureNames: given, unknownCategory = 'refuse', extraFields = 'refuse' } = options;
  const names = given ?? file.featureNames;
  if (given !== undefined) checkNames(file, given);
  const columns = Array.from({ length: file.features }, (_, at) => columnOf(file, at, names[at], unknownCategory));
  const known = new Set(names);
  return {
    write(row, into, at) {
      if (isList(row)) {
        if (row.length !== columns.length) throw refused(`a row must have ${columns.length} features, got ${row.length}`);
        for (let j = 0; j < columns.length; j++) into[at + j] = (columns[j] as Column)(row[j] as FeatureValue, false);
        return;
      }
      if (typeof row !== 'object' || row === null) throw refused(`a row must be an object or a list of numbers, got ${shown(row)}`);
      if (names.length === 0)
        throw refused(
          'the model file holds no feature names, so a row must be a list of numbers',
          'Give `featureNames`, in the order of training.',
        );
      for (let j = 0; j < columns.length; j++) {
        const value = row[names[j] as string];
        if (value === undefined) throw lacking(row, names);
        into[at + j] = (columns[j] as Column)(value, true);
      }
      if (extraFields === 'refuse') checkExtra(row, known);
    },
  };
}

interface Label {
  /** For messages, as `feature "age"`. */
  readonly text: string;
  readonly field: string;
}

/** @param isNamed is the value given by the name of its feature? */
type Column = (value: FeatureValue, isNamed: boolean) => number;

function columnOf(file: ModelFile, feature: number, name: string | undefined, unknown: 'refuse' | 'missing'): Column {
  const label = { text: name === undefined ? `feature ${feature}` : `feature ${JSON.stringify(name)}`, field: name ?? String(feature) };
  const categories = file.booster.kind === 'gblinear' ? undefined : file.booster.categories.get(feature);
  const codes = new Map(categories?.names.map((category, code) => [category, code]));
  return (value, isNamed) => {
    if (typeof value === 'number') {
      // By name, as a data frame has it: where the categories are numbers themselves, a number is a category and no code.
      if (isNamed && categories?.isNumeric === true && !Number.isNaN(value))
        return codeOf(String(value), label, categories, codes, unknown);
      return finite(value, label);
    }
    if (value === null) return Number.NaN;
    if (typeof value === 'boolean') return value ? 1 : 0;
    if (typeof value !== 'string')
      throw refused(`${label.text} must be a number, a text or null, got ${shown(value)}`, undefined, label.field);
    if (categories !== undefined) return codeOf(value, label, categories, codes, unknown);
    const next =
      file.featureTypes[feature] === 'c'
        ? 'The model file holds no names of categories: give their codes, as `features({ ... ordinal([...]) })` does.'
        : undefined;
    throw refused(`${label.text} must be a number, got the text ${shown(value)}`, next, label.field);
  };
}

function codeOf(
  value: string,
  label: Label,
  categories: Categories,
  codes: ReadonlyMap<string, number>,
  unknown: 'refuse' | 'missing',
): number {
  if (categories.isUncertain)
    throw refused(
      `${label.text} has categories outside of ASCII, whose names XGBoost stores cut in wrong places`,
      'Give their codes, as `features({ ... ordinal([...]) })` does.',
      label.field,
    );
  const code = codes.get(value);
  if (code !== undefined) return code;
  if (unknown === 'missing') return Number.NaN;
  const some = categories.names.slice(0, 12).join(', ');
  throw refused(
    `${label.text} has no category ${shown(value)}; it has ${some}${categories.names.length > 12 ? ', ...' : ''}`,
    "`unknownCategory: 'missing'` takes it for a missing value.",
    label.field,
  );
}

/** Infinite numbers, and those that are in float32: the library refuses them as well. */
function finite(value: number, { text, field }: Label): number {
  if (Math.abs(Math.fround(value)) === Number.POSITIVE_INFINITY)
    throw refused(`${text} must be finite in 32 bits, got ${value}`, undefined, field);
  return value;
}

function checkNames({ features, featureNames }: ModelFile, given: readonly string[]): void {
  if (given.length !== features) throw new ConfigError(`featureNames must be ${features} names, got ${given.length}`);
  if (new Set(given).size < given.length) throw new ConfigError('featureNames has a name twice');
  const at = featureNames.findIndex((name, feature) => name !== given[feature]);
  if (at >= 0)
    throw new ConfigError(`featureNames has ${shown(given[at])} where the model file has ${shown(featureNames[at])}`, {
      next: 'Leave featureNames out.',
    });
}

function lacking(row: object, names: readonly string[]): ModelError {
  const absent = names.filter((name) => (row as Record<string, unknown>)[name] === undefined);
  const list = absent.slice(0, 10).map((name) => JSON.stringify(name));
  return refused(
    `the row lacks ${list.join(', ')}${absent.length > 10 ? ` and ${absent.length - 10} more` : ''} of ${names.length} features`,
    'null stands for a missing value.',
    absent[0],
  );
}

function checkExtra(row: object, known: ReadonlySet<string>): void {
  let extra: string[] | undefined;
  for (const name in row) {
    if (!known.has(name)) {
      extra ??= [];
      extra.push(name);
    }
  }
  if (extra === undefined) return;
  const list = extra.slice(0, 10).map((name) => JSON.stringify(name));
  throw refused(`the row has ${list.join(', ')}, unknown to the model`, "`extraFields: 'ignore'` lets such fields pass.", extra[0]);
}

function isList(row: FeatureRow): row is ArrayLike<FeatureValue> {
  return Array.isArray(row) || ArrayBuffer.isView(row);
}

function refused(message: string, next?: string, field?: string): ModelError {
  return new ModelError('REFUSED', message, { next, field });
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 60);
}
