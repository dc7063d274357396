import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { BoostingOptions, LogisticOptions } from '../../models/index.ts';
import { CommandError } from '../command-error.ts';
import { flagOf, listFlag, numberFlag, textFlag, wordFlag } from '../flags.ts';
import type { RawOptions } from '../options.ts';

/** The command line of `model train`, checked as far as possible without the data. */
export interface TrainPlan {
  readonly data: string;
  readonly target: string;
  readonly positive: string | undefined;
  readonly algorithm: 'boosting' | 'logistic';
  readonly objective: BoostingOptions['objective'];
  /** A declaration in JSON. Undefined: features are inferred. */
  readonly features: string | undefined;
  readonly fields: readonly string[] | undefined;
  readonly ignore: readonly string[];
  readonly exclude: string | undefined;
  readonly testSize: number | undefined;
  readonly seed: number;
  readonly badRows: 'refuse' | 'skip';
  readonly classWeight: number | 'balanced' | undefined;
  readonly boosting: BoostingOptions;
  readonly logistic: LogisticOptions;
  readonly out: string;
}

const BOOSTING = [
  'rounds',
  'learningRate',
  'maxDepth',
  'maxLeaves',
  'minChildWeight',
  'lambda',
  'gamma',
  'subsample',
  'colsample',
] as const;
const BOOSTING_ONLY = [...BOOSTING, 'bins', 'baseScore', 'earlyStopping', 'validationSize', 'objective'];
const LOGISTIC_ONLY = ['l2'];

/** Returns the plan. @throws CommandError (exit 2) for the first flag that is not valid */
export function planOf(options: RawOptions): TrainPlan {
  const algorithm = wordFlag(options, 'algorithm', ['boosting', 'logistic']);
  const foreign = (algorithm === 'boosting' ? LOGISTIC_ONLY : BOOSTING_ONLY).find((name) => options[name] !== undefined);
  if (foreign !== undefined) throw new CommandError(2, `${flagOf(foreign)} is not for --algorithm ${algorithm}`);
  for (const name of ['fields', 'ignore'])
    if (options['features'] !== undefined && options[name] !== undefined)
      throw new CommandError(2, `${flagOf(name)} is for inferred features, and --features declares them`);
  const testSize = numberFlag(options, 'testSize');
  if (testSize !== undefined && !(testSize > 0 && testSize < 1))
    throw new CommandError(2, `--test-size: expected a share between 0 and 1, got ${testSize}`);
  return {
    data: String(options['data']),
    target: String(options['target']),
    positive: textFlag(options, 'positive'),
    algorithm,
    objective:
      options['objective'] === undefined
        ? undefined
        : wordFlag<'squared-error' | 'logistic'>(options, 'objective', ['squared-error', 'logistic']),
    features: textFlag(options, 'features'),
    fields: listFlag(options, 'fields'),
    ignore: listFlag(options, 'ignore') ?? [],
    exclude: textFlag(options, 'exclude'),
    testSize,
    seed: seedOf(options),
    badRows: wordFlag(options, 'badRows', ['refuse', 'skip']),
    classWeight: options['classWeight'] === 'balanced' ? 'balanced' : numberFlag(options, 'classWeight'),
    boosting: boostingOf(options),
    logistic: { l2: numberFlag(options, 'l2') },
    out: outOf(String(options['out'])),
  };
}

function seedOf(options: RawOptions): number {
  const seed = numberFlag(options, 'seed') ?? 0;
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) return seed;
  throw new CommandError(2, `--seed: expected a whole number of 0 to 4294967295, got ${seed}`);
}

function boostingOf(options: RawOptions): BoostingOptions {
  const numbers = Object.fromEntries(BOOSTING.map((name) => [name, numberFlag(options, name)]));
  const stop = numberFlag(options, 'earlyStopping');
  const fraction = numberFlag(options, 'validationSize');
  if (stop === undefined && fraction !== undefined) throw new CommandError(2, '--validation-size is for --early-stopping');
  return {
    ...numbers,
    bins: options['bins'] === 'exact' ? 'exact' : numberFlag(options, 'bins'),
    baseScore: numberFlag(options, 'baseScore'),
    earlyStopping: stop === undefined ? undefined : { rounds: stop, fraction },
  };
}

function outOf(out: string): string {
  if (!out.endsWith('.json')) throw new CommandError(2, `--out: expected a name that ends in .json, got ${JSON.stringify(out)}`);
  if (!existsSync(dirname(out))) throw new CommandError(2, `--out: there is no folder ${dirname(out)}`);
  return out;
}
