import { Command } from 'commander';
import { type RawOptions, withExamples, withJson } from '../options.ts';

export function modelCommand(): Command {
  const command = new Command('model').description('look into a model file, score rows with it');
  withExamples(command, 'streamer model info model.json', 'streamer model predict model.json --features rows.jsonl');
  for (const each of [info(), predict()]) command.addCommand(each);
  return command;
}

/** Options of commands that score by a model file. */
function withModelOptions(command: Command): Command {
  return command
    .option(
      '--encoder <file>',
      'declaration of features for rows that are objects (default: beside the model: NAME.features.json or NAME.encoder.json)',
    )
    .option(
      '--rounds <rounds>',
      "of boosted trees: best, all, or FROM:TO as iteration_range (default: best, as XGBoost's scikit-learn classes predict)",
    )
    .option('--link <link>', 'of a linear model that does not say what its sum means: logit or identity');
}

function info(): Command {
  const command = new Command('info')
    .description('what a model file is, takes and answers; and, where it cannot be scored here, why')
    .argument('<file>', 'an XGBoost model (JSON or UBJSON, 1.6 to 3.2), a linear model (JSON), or ONNX')
    .option('--encoder <file>', 'declaration of features (default: beside the model)')
    .option('--link <link>', 'of a linear model that does not say what its sum means: logit or identity');
  withExamples(withJson(command), 'streamer model info model.json', 'streamer model info model.ubj --json');
  command.addHelpText('after', '\nExit code 1 when the file is no model that can be scored here.');
  return command.action(async (file: string, options: RawOptions) => (await import('../model/info.ts')).modelInfo(file, options));
}

function predict(): Command {
  const command = new Command('predict')
    .description('score rows: one JSON answer a line, in the order of the rows')
    .argument('<file>', 'the model')
    .requiredOption(
      '--features <rows>',
      'rows as JSON, one a line: a list in the order of the features, or an object; null is missing; - reads standard input',
    )
    .option('--margin', "answer the sum as it is, before the objective's transform");
  withExamples(
    withJson(withModelOptions(command)),
    'streamer model predict model.json --features rows.jsonl',
    `echo '{"age":61,"job":"retired"}' | streamer model predict model.json --features - --margin`,
  );
  command.addHelpText(
    'after',
    '\nThe first row that cannot be scored ends it: exit code 1, its line on standard error, answers of those before printed.',
  );
  return command.action(async (file: string, options: RawOptions) => (await import('../model/predict.ts')).predictRows(file, options));
}
