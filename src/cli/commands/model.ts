import { Command } from 'commander';
import { withExamples, withJson } from '../help.ts';
import type { RawOptions } from '../options.ts';
import { modelEvaluateCommand } from './model-evaluate.ts';
import { modelTrainCommand } from './model-train.ts';

export function modelCommand(): Command {
  const command = new Command('model').description('inspect a model file, score rows with it, serve it; train one, measure how good it is');
  withExamples(
    command,
    'streamer model info model.json',
    'streamer model predict model.json --features rows.jsonl',
    'streamer model serve model.json --port 3000',
    'streamer model train --data cars.csv --target price --out car.json',
    'streamer model evaluate car.json --data cars.csv --target price',
  );
  for (const each of [info(), predict(), serve(), modelTrainCommand(), modelEvaluateCommand(withModelOptions)]) command.addCommand(each);
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
    .description('show what a model file is, takes and answers, or why it cannot be scored here')
    .argument('<file>', 'an XGBoost model (JSON or UBJSON, 1.6 to 3.2), a linear model (JSON), or ONNX')
    .option('--encoder <file>', 'declaration of features (default: beside the model)')
    .option('--link <link>', 'of a linear model that does not say what its sum means: logit or identity');
  withExamples(withJson(command), 'streamer model info model.json', 'streamer model info model.ubj --json');
  command.addHelpText('after', '\nExit code 1 when the file is not a model that can be scored here.');
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
    '\nThe first row that cannot be scored ends the command: exit code 1, its line on standard error, the answers before it printed.',
  );
  return command.action(async (file: string, options: RawOptions) => (await import('../model/predict.ts')).predictRows(file, options));
}

function serve(): Command {
  const command = new Command('serve')
    .description('serve a model over HTTP; a replaced file is loaded without a restart')
    .argument('<file>', 'the model: a file, or an http URL')
    .option('--protocol <list>', 'of rows, columnar and oip (Open Inference Protocol v2), with commas between (default: all)')
    .option('--port <n>', 'port to listen on; 0 takes a free one (default: 3000)')
    .option('--host <address>', 'address to listen on; 0.0.0.0 for all (default: 127.0.0.1)')
    .option('--name <name>', 'of the model in the paths of oip (default: model)')
    .option('--labels <list>', 'answer {"prediction":["No"],"probability":0.9}, with these labels of the classes in order, as No,Yes')
    .option('--margin', "answer the sum as it is, before the objective's transform")
    .option('--threads <n>', 'threads that score boosted trees (default: 0, the one that listens)')
    .option('--reload-ms <ms>', 'time between two looks at the file; 0 looks at SIGHUP alone (default: 2000)')
    .option('--max-body <bytes>', 'longest request (default: 4194304)')
    .option('--max-rows <n>', 'most rows of a request (default: 10000)')
    .option('--concurrency <n>', 'requests scored at once (default: 16)')
    .option('--queue <n>', 'requests that may wait; one more is answered 429 (default: 256)')
    .option('--timeout-ms <ms>', 'longest time for a request; then it is answered 503 (default: 30000)')
    .option('--fault <name=value...>', 'misbehave, for tests of a client: see below');
  withExamples(
    withJson(withModelOptions(command)),
    'streamer model serve model.json --protocol rows --labels No,Yes',
    'streamer model serve model.json --fault latency=50 --fault errors=0.1 --fault refuse.age=99',
  );
  command.addHelpText(
    'after',
    `
Faults: latency=MS and jitter=MS delay every answer; errors=SHARE answers that share of requests with status=CODE (503) and
retryAfter=SECONDS; hang answers nothing until --timeout-ms are over; refused=SHARE refuses that share of the rows, always the same ones; refuse.FIELD=VALUE
refuses rows that have it. "--fault off" starts without faults. PUT /faults {"latency":50} replaces them while it runs.
Other paths: /livez, /readyz, /metrics (Prometheus). The version of the model is in the header streamer-model-version.`,
  );
  return command.action(async (file: string, options: RawOptions) => (await import('../model/serve.ts')).serve(file, options));
}
