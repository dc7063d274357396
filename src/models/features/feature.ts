/** The result for a missing value (null, undefined, NaN): a missing number, an error, or this number. */
export type MissingNumber = 'nan' | 'refuse' | number;

interface NumberOptions {
  /** @default 'nan': the column is missing too */
  readonly missing?: MissingNumber | undefined;
  /** Name of the column. @default the field's */
  readonly as?: string | undefined;
}

interface CategoryOptions {
  /** The result for a value outside the list: an error, or a missing number. @default 'refuse' */
  readonly unknown?: 'refuse' | 'nan' | undefined;
  /** The result for null and undefined. @default 'nan': missing */
  readonly missing?: 'refuse' | 'nan' | undefined;
  readonly as?: string | undefined;
}

export interface NumericFeature extends NumberOptions {
  readonly kind: 'numeric';
}

/** `sign(x) * ln(1 + |x|)`: for skewed columns. */
export interface LogFeature extends NumberOptions {
  readonly kind: 'log';
}

/** `(x - mean) / deviation`, with `log` of the logarithm. */
export interface StandardFeature extends NumberOptions {
  readonly kind: 'standardise';
  readonly mean?: number | undefined;
  readonly deviation?: number | undefined;
  readonly log?: boolean | undefined;
}

/** The position of the value in the list. */
export interface OrdinalFeature extends CategoryOptions {
  readonly kind: 'ordinal';
  readonly values?: readonly string[] | undefined;
  /** With `true`, a number in the field is a position already. @default false: it is looked up by its digits */
  readonly codes?: boolean | undefined;
}

/** A column of 0 and 1 for each value of the list, `field=value`. */
export interface OneHotFeature {
  readonly kind: 'oneHot';
  readonly values?: readonly string[] | undefined;
  /** The result for a value outside the list: an error, zeros, missing, or that of a value of the list. @default 'refuse' */
  readonly unknown?: 'refuse' | 'zeros' | 'nan' | { readonly as: string } | undefined;
  /** @default 'zeros' */
  readonly missing?: 'refuse' | 'zeros' | 'nan' | undefined;
  /** The part of the columns' names before the `=`. @default the field's name */
  readonly as?: string | undefined;
}

/** A number for each value, as its share in the training rows. */
export interface LookupFeature {
  readonly kind: 'lookup';
  readonly table: Readonly<Record<string, number>>;
  /** @default 'refuse' */
  readonly unknown?: MissingNumber | undefined;
  /** @default 'nan' */
  readonly missing?: MissingNumber | undefined;
  readonly as?: string | undefined;
}

export type NumberFeature = NumericFeature | LogFeature | StandardFeature;
export type TextFeature = OrdinalFeature | OneHotFeature | LookupFeature;
export type Feature = NumberFeature | TextFeature;

type Options<Kind extends Feature> = Omit<Kind, 'kind'>;

/** A number, unchanged; true and false are 1 and 0. */
export const numeric = (options: Options<NumericFeature> = {}): NumericFeature => ({ kind: 'numeric', ...options });

export const log = (options: Options<LogFeature> = {}): LogFeature => ({ kind: 'log', ...options });

/** Without `mean` and `deviation`, `fit` finds them. */
export const standardise = (options: Options<StandardFeature> = {}): StandardFeature => ({ kind: 'standardise', ...options });

/** Without values, `fit` finds them and sorts them. */
export const ordinal = (values?: readonly string[], options: Omit<Options<OrdinalFeature>, 'values'> = {}): OrdinalFeature => ({
  kind: 'ordinal',
  ...(values && { values }),
  ...options,
});

/** Without values, `fit` finds them and sorts them. */
export const oneHot = (values?: readonly string[], options: Omit<Options<OneHotFeature>, 'values'> = {}): OneHotFeature => ({
  kind: 'oneHot',
  ...(values && { values }),
  ...options,
});

export const lookup = (table: Readonly<Record<string, number>>, options: Omit<Options<LookupFeature>, 'table'> = {}): LookupFeature => ({
  kind: 'lookup',
  table,
  ...options,
});
