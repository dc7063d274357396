import { ModelError } from '../model-error.ts';
import type { Categories } from './categories.ts';
import type { ModelFile } from './model-file.ts';

/** @param isNamed true when the value was given by the name of its feature */
export type Column = (value: unknown, isNamed: boolean) => number;

/** What becomes of a category that the model does not know. */
export type UnknownCategory = 'refuse' | 'missing';

interface Label {
  /** For messages, as `feature "age"`. */
  readonly text: string;
  readonly field: string;
}

/** Returns the function that turns a feature's value into its number. It throws a `ModelError` `REFUSED` for a value that does not fit. */
export function columnOf(file: ModelFile, feature: number, name: string | undefined, unknown: UnknownCategory): Column {
  const label = { text: name === undefined ? `feature ${feature}` : `feature ${JSON.stringify(name)}`, field: name ?? String(feature) };
  const categories = file.booster.kind === 'gblinear' ? undefined : file.booster.categories.get(feature);
  const codes = new Map(categories?.names.map((category, code) => [category, code]));
  return (value, isNamed) => {
    if (typeof value === 'number') {
      // By name, as in a data frame: where the categories are numbers themselves, a number is a category and not a code.
      if (isNamed && categories?.isNumeric === true && !Number.isNaN(value))
        return codeOf(String(value), label, categories, codes, unknown);
      return finite(value, label);
    }
    if (value === null) return Number.NaN;
    if (typeof value === 'boolean') return value ? 1 : 0;
    if (typeof value !== 'string')
      throw refused(`${label.text} must be a number, a string or null, got ${shown(value)}`, undefined, label.field);
    if (categories !== undefined) return codeOf(value, label, categories, codes, unknown);
    const next =
      file.featureTypes[feature] === 'c'
        ? 'The model file holds no names of categories: give their codes, as `features({ ... ordinal([...]) })` does.'
        : undefined;
    throw refused(`${label.text} must be a number, got the string ${shown(value)}`, next, label.field);
  };
}

function codeOf(value: string, label: Label, categories: Categories, codes: ReadonlyMap<string, number>, unknown: UnknownCategory): number {
  if (categories.isUncertain)
    throw refused(
      `${label.text} has categories outside of ASCII, whose names XGBoost stores cut in the wrong places`,
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

/** Refuses numbers that are infinite in float32, as the library does. */
function finite(value: number, { text, field }: Label): number {
  if (Math.abs(Math.fround(value)) === Number.POSITIVE_INFINITY)
    throw refused(`${text} must be finite in 32 bits, got ${value}`, undefined, field);
  return value;
}

export function refused(message: string, next?: string, field?: string): ModelError {
  return new ModelError('REFUSED', message, { next, field });
}

export function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 60);
}
