import { Command } from 'commander';
import { withExamples, withJson } from '../help.ts';
import { CONNECTION, type RawOptions, withApp, withSettings } from '../options.ts';

export function topicsCommand(): Command {
  const command = new Command('topics').description('create, list, describe and delete topics');
  withExamples(command, 'streamer topics create -A customer-prediction', 'streamer topics list');
  for (const each of [create(), list(), describe(), remove()]) command.addCommand(each);
  return command;
}

function create(): Command {
  const command = new Command('create')
    .description('create the topics an app declares, dead-letter topics included, or those named')
    .argument('[names...]', 'topics; with -A, only these of the app')
    .option('--add-partitions', 'grow topics that have fewer partitions than wanted')
    .option('--alter-configs', 'set configs that differ from those wanted')
    .option('--dry-run', 'say what would be done, and change nothing')
    .option('-p, --partitions <n>', 'without -A: how many partitions')
    .option('--replication-factor <n>', 'without -A: copies of each partition')
    .option('-c, --config <name=value...>', 'without -A: topic configs as Kafka names them');
  withSettings(withJson(withApp(command)), CONNECTION);
  withExamples(
    command,
    'streamer topics create -A customer-prediction',
    'streamer topics create -A ./app.ts --dry-run',
    'streamer topics create orders -p 8 -c retention.ms=86400000',
  );
  command.addHelpText('after', '\nExit code 1 when a topic that is there differs from what is wanted.');
  return command.action(async (names: string[], options: RawOptions) => (await import('../topics/create.ts')).createTopics(names, options));
}

function list(): Command {
  const command = new Command('list').description('list the topics of the broker, or those of an app');
  withSettings(withJson(withApp(command)), CONNECTION);
  withExamples(command, 'streamer topics list', 'streamer topics list -A customer-prediction --json');
  return command.action(async (options: RawOptions) => (await import('../topics/list.ts')).listTopics(options));
}

function describe(): Command {
  const command = new Command('describe')
    .description('partitions, offsets and configs of topics')
    .argument('[names...]', 'topics; none: those of the app');
  withSettings(withJson(withApp(command)), CONNECTION);
  withExamples(command, 'streamer topics describe customer_pred', 'streamer topics describe -A customer-prediction');
  return command.action(async (names: string[], options: RawOptions) =>
    (await import('../topics/describe.ts')).describeTopics(names, options),
  );
}

function remove(): Command {
  const command = new Command('delete')
    .description('delete topics with all their records')
    .argument('[names...]', 'topics; none: those of the app, with --yes')
    .option('--yes', 'needed to delete all topics of an app');
  withSettings(withJson(withApp(command)), CONNECTION);
  withExamples(command, 'streamer topics delete orders', 'streamer topics delete -A customer-prediction --yes');
  return command.action(async (names: string[], options: RawOptions) => (await import('../topics/delete.ts')).deleteTopics(names, options));
}
