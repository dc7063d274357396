import { Command, Option } from 'commander';
import { withExamples, withJson } from '../help.ts';
import type { RawOptions } from '../options.ts';

export function modelTrainCommand(): Command {
  const command = new Command('train')
    .description('train a model on a CSV file: boosted trees, written as XGBoost writes them, or a logistic regression')
    .requiredOption('--data <csv>', 'rows to train on; the first line names the columns')
    .requiredOption('--target <column>', 'what to predict')
    .requiredOption('--out <file>', 'where the model goes (NAME.json); its features go beside it (NAME.features.json)')
    .option('--algorithm <name>', 'boosting or logistic (default: boosting)')
    .option('--positive <value>', 'value of the target whose probability is predicted (default: the one of two that says yes, true or 1)')
    .option(
      '--features <json>',
      'how columns become numbers: {"age":{"kind":"numeric"},"job":{"kind":"oneHot"}} (default: inferred and shown)',
    )
    .option('--fields <names>', 'infer features from these columns alone, parted by commas')
    .option('--ignore <names>', 'infer no features from these columns')
    .option(
      '--exclude <csv>',
      'rows not to train on: those that are in this file too; they become the test set unless --test-size chooses another',
    )
    .option('--test-size <share>', 'share of the rows to test on, chosen by the seed as scikit-learn does')
    .option('--class-weight <weight>', 'what a positive row counts against another, or balanced (default: 1)')
    .option('--bad-rows <what>', 'refuse or skip (default: refuse)')
    .option('--seed <n>', 'of splits and samples; the same seed gives the same file (default: 0)');
  withBoosting(command);
  command.addOption(
    new Option('--l2 <n>', "weight of the squared coefficients; scikit-learn's C is 1 / l2 (default: 1)").helpGroup('Logistic regression:'),
  );
  withExamples(
    withJson(command),
    'streamer model train --data bank-full.csv --target y --exclude simulation.csv --algorithm logistic --out bank.json',
    'streamer model train --data cars.csv --target price --test-size 0.2 --seed 1234 --rounds 300 --learning-rate 0.1 --out car.json',
  );
  command.addHelpText(
    'after',
    '\nFeatures: numeric, log, standardise (log, mean, deviation), ordinal (values), oneHot (values, unknown), lookup (table); all take missing.' +
      '\nOpen values are fitted to the training rows; docs/models.md has the rest.',
  );
  command.addHelpText('after', '\nExit code 1 when rows cannot be used (their lines and columns are named), 2 when the options cannot.');
  return command.action(async (options: RawOptions) => (await import('../model/train.ts')).trainModel(options));
}

function withBoosting(command: Command): void {
  const flags: ReadonlyArray<readonly [flag: string, help: string]> = [
    ['--objective <name>', 'squared-error or logistic (default: by the target)'],
    ['--rounds <n>', 'most trees (default: 100)'],
    ['--learning-rate <n>', 'what a tree counts (default: 0.3)'],
    ['--max-depth <n>', 'most splits on the way to a leaf; 0: no limit but --max-leaves (default: 6)'],
    ['--max-leaves <n>', 'most leaves of a tree, which then grows where it gains most (default: 0, no limit)'],
    ['--min-child-weight <n>', 'least sum of second derivatives in a leaf (default: 1)'],
    ['--lambda <n>', 'weight of the squared leaf values (default: 1)'],
    ['--gamma <n>', 'least gain of a split (default: 0)'],
    ['--subsample <share>', 'of the rows that a tree sees (default: 1)'],
    ['--colsample <share>', 'of the columns that a tree may split on (default: 1)'],
    ['--bins <n>', 'values of a column that are told apart, or exact (default: 256)'],
    ['--base-score <n>', 'what the sum begins with, as a prediction (default: the mean of the target)'],
    ['--early-stopping <rounds>', 'end after so many rounds without improvement on rows held back, and keep the best'],
    ['--validation-size <share>', 'of the rows to hold back for it (default: 0.1)'],
  ];
  for (const [flag, help] of flags) command.addOption(new Option(flag, help).helpGroup('Boosting:'));
}
