import { ConfigError } from '../../errors.ts';
import type { ModelError } from '../model-error.ts';
import { type AnyRecord, isList, isRecord, valueOf } from '../record.ts';
import type { RowWriter } from '../worker/scorer.ts';
import { type Column, columnOf, refused, shown, type UnknownCategory } from './column.ts';
import type { ModelFile } from './model-file.ts';

// A list given to a model with declared features is the model's own columns: read as an object it would be all missing values, and
// scored silently.

/** A number, a category by its name, yes or no; null and NaN are missing. */
export type FeatureValue = number | string | boolean | null;

/** A row by name, or by the model's own order. */
export type FeatureRow = Readonly<Record<string, FeatureValue | undefined>> | ArrayLike<FeatureValue>;

export interface FeatureRowOptions {
  /** Names of the features in the model's order, for a file without names. A file's own names must be the same. */
  readonly featureNames?: readonly string[] | undefined;
  /** A category that the model does not know is refused, or missing. (XGBoost itself takes another category then.) @default 'refuse' */
  readonly unknownCategory?: UnknownCategory | undefined;
  /** A field that is not a feature of the model is refused, or ignored. @default 'refuse' */
  readonly extraFields?: 'refuse' | 'ignore' | undefined;
}

/** @throws ConfigError when the given names differ from the file's */
export function featureRowWriter(file: ModelFile, options: FeatureRowOptions): RowWriter<object> {
  const { featureNames: given, unknownCategory = 'refuse', extraFields = 'refuse' } = options;
  const names = given ?? file.featureNames;
  if (given !== undefined) checkNames(file, given);
  const columns = Array.from({ length: file.features }, (_, at) => columnOf(file, at, names[at], unknownCategory));
  const known = extraFields === 'refuse' ? new Set(names) : undefined;
  return {
    write(row: unknown, into, at) {
      if (isList(row)) writeList(columns, row, into, at);
      else if (isRecord(row)) writeNamed(columns, names, known, row, into, at);
      else throw refused(`a row must be an object or a list of numbers, got ${shown(row)}`);
    },
    checkTypes(row) {
      columns.forEach((_, j) => {
        const name = names[j] ?? String(j);
        const value = isList(row) ? row[j] : valueOf(row, name);
        // Features of type `i` are yes or no.
        if (typeof value === 'boolean' && file.featureTypes[j] !== 'i')
          throw refused(`feature ${JSON.stringify(name)} must be a number, got ${value}`, undefined, name);
      });
    },
  };
}

function writeList(columns: readonly Column[], row: ArrayLike<unknown>, into: Float32Array, at: number): void {
  if (row.length !== columns.length) throw refused(`a row must have ${columns.length} features, got ${row.length}`);
  for (let j = 0; j < columns.length; j++) into[at + j] = columns[j]?.(row[j], false) ?? Number.NaN;
}

/** @param known the names that a row may have; undefined where it may have others too */
function writeNamed(
  columns: readonly Column[],
  names: readonly string[],
  known: ReadonlySet<string> | undefined,
  row: AnyRecord,
  into: Float32Array,
  at: number,
): void {
  if (names.length === 0)
    throw refused(
      'the model file holds no feature names, so a row must be a list of numbers',
      'Give `featureNames`, in the order of training.',
    );
  for (let j = 0; j < columns.length; j++) {
    const value = valueOf(row, names[j] ?? '');
    if (value === undefined) throw lacking(row, names);
    into[at + j] = columns[j]?.(value, true) ?? Number.NaN;
  }
  if (known !== undefined) checkExtra(row, known);
}

function checkNames({ features, featureNames }: ModelFile, given: readonly string[]): void {
  if (given.length !== features) throw new ConfigError(`featureNames must be ${features} names, got ${given.length}`);
  if (new Set(given).size < given.length) throw new ConfigError('featureNames has a name twice');
  const at = featureNames.findIndex((name, feature) => name !== given[feature]);
  if (at >= 0)
    throw new ConfigError(`featureNames has ${shown(given[at])} where the model file has ${shown(featureNames[at])}`, {
      next: 'Leave out featureNames.',
    });
}

function lacking(row: object, names: readonly string[]): ModelError {
  const absent = names.filter((name) => valueOf(row, name) === undefined);
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
  throw refused(`the row has ${list.join(', ')}, unknown to the model`, "`extraFields: 'ignore'` ignores such fields.", extra[0]);
}
