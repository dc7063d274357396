import { Command } from 'commander';
import { withExamples, withJson } from '../help.ts';
import type { RawOptions } from '../options.ts';

/** @param withModelOptions adds the options of commands that score by a model file */
export function modelEvaluateCommand(withModelOptions: (command: Command) => Command): Command {
  const command = new Command('evaluate')
    .description('how good a model is on rows whose answers are known: AUC, log loss, RMSE, MAE, MAPE, calibration, confusion')
    .argument('<file>', 'the model')
    .requiredOption('--data <csv>', 'rows with their answers; the first line names the columns')
    .requiredOption('--target <column>', 'the answers')
    .option(
      '--positive <value>',
      'value of the target that the model gives a probability for (default: the one of two that says yes, true or 1)',
    )
    .option('--only <csv>', 'only those rows of the data that are in this file too')
    .option('--threshold <p>', 'probability from which a row counts as positive (default: 0.5)')
    .option('--bins <n>', 'groups of the calibration table (default: 10)')
    .option('--bad-rows <what>', 'refuse or skip (default: refuse)');
  withExamples(
    withJson(withModelOptions(command)),
    'streamer model evaluate bank.json --data bank-full.csv --target y --only simulation.csv',
    'streamer model evaluate car.json --data cars.csv --target price --json',
  );
  command.addHelpText('after', '\nExit code 1 when rows cannot be used (their lines and columns are named), 2 when the options cannot.');
  return command.action(async (file: string, options: RawOptions) => (await import('../model/evaluate.ts')).evaluateModel(file, options));
}
