import type { Feature } from './feature.ts';

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const isFlag: Check = (value) => typeof value === 'boolean';
const isOneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    words.includes(value as string);
const isWordOrNumber: Check = (value) => isOneOf('nan', 'refuse')(value) || isNumber(value);
const isTexts: Check = (value) => Array.isArray(value) && value.length > 0 && value.every(isText) && new Set(value).size === value.length;
const isTable: Check = (value) => typeof value === 'object' && value !== null && Object.values(value).every(isNumber);
const isAs: Check = (value) => typeof value === 'object' && value !== null && isText((value as { as?: unknown }).as);

const number = { missing: isWordOrNumber, as: isText };
const category = { values: isTexts, unknown: isOneOf('nan', 'refuse'), missing: isOneOf('nan', 'refuse'), as: isText };

/** What each kind of feature may say of itself. */
const OPTIONS: Readonly<Record<Feature['kind'], Readonly<Record<string, Check>>>> = {
  numeric: number,
  log: number,
  standardise: { ...number, mean: isNumber, deviation: (value) => isNumber(value) && (value as number) > 0, log: isFlag },
  ordinal: { ...category, codes: isFlag },
  oneHot: {
    values: isTexts,
    unknown: (value) => isOneOf('refuse', 'zeros', 'nan')(value) || isAs(value),
    missing: isOneOf('refuse', 'zeros', 'nan'),
    as: isText,
  },
  lookup: { table: isTable, unknown: isWordOrNumber, missing: isWordOrNumber, as: isText },
};

/** What is wrong with a feature as it was declared or read from a file. */
export function problemsOf(field: string, feature: unknown): string[] {
  if (typeof feature !== 'object' || feature === null) return [`${field}: a feature must be made by numeric(), oneHot() and so on`];
  const { kind, ...options } = feature as Record<string, unknown>;
  if (typeof kind !== 'string' || !Object.hasOwn(OPTIONS, kind)) return [`${field}: there is no feature ${JSON.stringify(kind)}`];
  const checks = OPTIONS[kind as Feature['kind']];
  const problems = Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .filter(([name, value]) => !(Object.hasOwn(checks, name) && checks[name]?.(value)))
    .map(([name, value]) => `${field}: ${kind} cannot have ${name}: ${JSON.stringify(value)?.slice(0, 60)}`);
  const { table, unknown, values, mean, deviation } = options;
  if (kind === 'lookup' && table === undefined) problems.push(`${field}: lookup needs a table`);
  if ((mean === undefined) !== (deviation === undefined)) problems.push(`${field}: mean and deviation come together`);
  if (isAs(unknown) && Array.isArray(values) && !values.includes((unknown as { as: string }).as))
    problems.push(`${field}: unknown values become ${JSON.stringify((unknown as { as: string }).as)}, which is not in the list`);
  return problems;
}
