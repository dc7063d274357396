import { isRecord } from '../record.ts';
import type { Feature } from './feature.ts';

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const isPositive: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value > 0;
const isFlag: Check = (value) => typeof value === 'boolean';
const isOneOf =
  (...words: readonly unknown[]): Check =>
  (value) =>
    words.includes(value);
const isWordOrNumber: Check = (value) => isOneOf('nan', 'refuse')(value) || isNumber(value);
const isTexts: Check = (value) => Array.isArray(value) && value.length > 0 && value.every(isText) && new Set(value).size === value.length;
const isTable: Check = (value) => isRecord(value) && Object.values(value).every(isNumber);

function isAs(value: unknown): value is { readonly as: string } {
  return isRecord(value) && typeof value.as === 'string';
}

const number = { missing: isWordOrNumber, as: isText };
const category = { values: isTexts, unknown: isOneOf('nan', 'refuse'), missing: isOneOf('nan', 'refuse'), as: isText };

/** The options of each kind of feature. */
const OPTIONS: ReadonlyMap<unknown, ReadonlyMap<string, Check>> = new Map(
  Object.entries({
    numeric: number,
    log: number,
    standardise: { ...number, mean: isNumber, deviation: isPositive, log: isFlag },
    ordinal: { ...category, codes: isFlag },
    oneHot: {
      values: isTexts,
      unknown: (value) => isOneOf('refuse', 'zeros', 'nan')(value) || isAs(value),
      missing: isOneOf('refuse', 'zeros', 'nan'),
      as: isText,
    },
    lookup: { table: isTable, unknown: isWordOrNumber, missing: isWordOrNumber, as: isText },
  } satisfies Record<Feature['kind'], Record<string, Check>>).map(([kind, checks]) => [
    kind,
    new Map<string, Check>(Object.entries(checks)),
  ]),
);

/** Returns everything that is wrong with a feature, as it was declared or read from a file. */
export function problemsOf(field: string, feature: unknown): string[] {
  if (!isRecord(feature)) return [`${field}: a feature must be made by numeric(), oneHot() and so on`];
  const { kind, ...options } = feature;
  const checks = OPTIONS.get(kind);
  if (checks === undefined) return [`${field}: there is no feature ${JSON.stringify(kind)}`];
  const problems = Object.entries(options)
    .filter(([name, value]) => value !== undefined && checks.get(name)?.(value) !== true)
    .map(([name, value]) => `${field}: ${String(kind)} cannot have ${name}: ${JSON.stringify(value)?.slice(0, 60)}`);
  const { table, unknown, values, mean, deviation } = options;
  if (kind === 'lookup' && table === undefined) problems.push(`${field}: lookup needs a table`);
  if ((mean === undefined) !== (deviation === undefined)) problems.push(`${field}: mean and deviation come together`);
  if (isAs(unknown) && Array.isArray(values) && !values.includes(unknown.as))
    problems.push(`${field}: unknown values become ${JSON.stringify(unknown.as)}, which is not in the list`);
  return problems;
}
