import { readFile } from 'node:fs/promises';
import { type Feature, type FeatureMap, Features } from '../../models/index.ts';
import { inferFeatures } from '../../models/training/infer.ts';
import { CommandError } from '../command-error.ts';
import type { Output } from '../output.ts';
import type { DataFile, DataRow } from './csv-data.ts';
import type { TrainPlan } from './train-plan.ts';

export interface Declared {
  readonly fields: FeatureMap;
  /** Columns that were left out of what was inferred, and why; undefined when the features were given. */
  readonly leftOut: Readonly<Record<string, string>> | undefined;
}

/** The features of a file, or what the columns look like in the rows to train on. */
export async function declaredFeatures(plan: TrainPlan, data: DataFile, rows: readonly DataRow[]): Promise<Declared> {
  const declared =
    plan.features === undefined ? inferred(plan, data, rows) : { fields: await readFields(plan.features), leftOut: undefined };
  const names = Object.keys(declared.fields);
  if (names.includes(plan.target)) throw new CommandError(2, `the features must not hold the target ${plan.target}`);
  const absent = names.filter((name) => !data.columns.includes(name));
  if (absent.length > 0)
    throw new CommandError(2, `${data.file} has no column ${absent.join(', ')}, which the features want`, {
      next: `It has ${data.columns.join(', ')}.`,
    });
  return declared;
}

/** A saved declaration, changed by hand or not, or its `fields` alone. */
async function readFields(file: string): Promise<FeatureMap> {
  let json: { readonly kind?: unknown; readonly fields?: FeatureMap };
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new CommandError(2, `--features: cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
  const fields = json?.kind === 'streamer.features' ? json.fields : (json as FeatureMap);
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    throw new CommandError(2, `--features: ${file} must be an object, of a feature by column`, {
      next: 'As {"age":{"kind":"numeric"},"job":{"kind":"oneHot"}}; what it leaves open is taken from the rows.',
    });
  try {
    return new Features(fields).fields;
  } catch (cause) {
    throw new CommandError(2, `--features: ${file}: ${(cause as Error).message}`, { cause });
  }
}

function inferred({ target, fields, ignore, algorithm }: TrainPlan, { file, columns }: DataFile, rows: readonly DataRow[]): Declared {
  const absent = [...(fields ?? []), ...ignore].filter((name) => !columns.includes(name));
  if (absent.length > 0) throw new CommandError(2, `${file} has no column ${absent.join(', ')}`, { next: `It has ${columns.join(', ')}.` });
  const wanted = (fields ?? columns.filter((name) => name !== '' && name !== target)).filter((name) => !ignore.includes(name));
  const found = inferFeatures(
    rows.map(({ cells }) => cells),
    wanted,
    algorithm === 'logistic' ? 'linear' : 'trees',
  );
  if (Object.keys(found.fields).length > 0) return found;
  throw new CommandError(1, `${file} has no column to train on`, {
    next: Object.entries(found.leftOut)
      .map(([name, why]) => `${name}: ${why}.`)
      .join(' '),
  });
}

/** What was inferred, for people. */
export function printDeclared(output: Output, fields: FeatureMap, leftOut: Readonly<Record<string, string>>): void {
  output.table(
    [
      ...Object.entries(fields).map(([name, declared]) => [name, [declared].flat().map(described).join('; ')]),
      ...Object.entries(leftOut).map(([name, why]) => [name, `left out: ${why}`]),
    ],
    ['column', 'feature'],
  );
}

const VALUES_SHOWN = 5;

function described(feature: Feature): string {
  const list = (values: readonly string[]) =>
    `${values.length} values: ${values.slice(0, VALUES_SHOWN).join(', ')}${values.length > VALUES_SHOWN ? ', ...' : ''}`;
  if (feature.kind === 'oneHot' || feature.kind === 'ordinal') return `${feature.kind} of ${list(feature.values ?? [])}`;
  if (feature.kind === 'lookup') return `lookup of ${list(Object.keys(feature.table))}`;
  const missing = typeof feature.missing === 'number' ? `, missing ones are ${feature.missing}` : '';
  return `${feature.kind}${feature.kind === 'standardise' && feature.log === true ? ' of the logarithm' : ''}${missing}`;
}
