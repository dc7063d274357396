import { Command } from 'commander';
import { withExamples, withJson } from '../help.ts';
import { CONNECTION, type RawOptions, withApp, withSettings } from '../options.ts';

export function dlqCommand(): Command {
  const command = new Command('dlq').description('list, show, replay and purge the dead letters of an app');
  withExamples(command, 'streamer dlq list -A ./app.ts', 'streamer dlq replay -A ./app.ts --agent predict --dry-run');
  for (const each of [list(), show(), replay(), purge()]) command.addCommand(each);
  return command;
}

const TOPICS = 'dead-letter topics, or the topics they belong to (default: all of the app)';

function withFilters(command: Command): Command {
  return command
    .option('--agent <name>', 'only letters of this agent')
    .option('--error <class>', 'only letters of this error class, as TypeError')
    .option('--code <code>', 'only letters with this code, as VALIDATION')
    .option('--match <text>', 'only letters whose message contains this');
}

function list(): Command {
  const command = new Command('list').description('show how many letters each dead-letter topic holds, and how many were not replayed');
  withSettings(withJson(withApp(command)), CONNECTION);
  withExamples(command, 'streamer dlq list -A customer-prediction');
  return command.action(async (options: RawOptions) => (await import('../dlq/list.ts')).listLetters(options));
}

function show(): Command {
  const command = new Command('show')
    .description('print dead letters: origin, error, value')
    .argument('[topics...]', TOPICS)
    .option('--limit <n>', 'stop after this many letters')
    .option('--stack', 'print stacks too');
  withSettings(withJson(withApp(withFilters(command))), CONNECTION);
  withExamples(
    command,
    'streamer dlq show -A customer-prediction --limit 5 --stack',
    'streamer dlq show orders -A ./app.ts --code DECODE --json',
  );
  return command.action(async (topics: string[], options: RawOptions) => (await import('../dlq/show.ts')).showLetters(topics, options));
}

function replay(): Command {
  const command = new Command('replay')
    .description('send dead letters back to where they came from, to the agent that failed; a second replay repeats nothing')
    .argument('[topics...]', TOPICS)
    .option('--for <agent>', 'send them to this agent instead of the one that failed')
    .option('--to <topic>', 'send them to this topic instead of their own; every agent there gets them')
    .option('--limit <n>', 'replay at most this many')
    .option('--applied', 'also letters of events that have changed tables (an output was refused afterwards): they change them again')
    .option('--dry-run', 'say what would be replayed, and send nothing');
  withSettings(withJson(withApp(withFilters(command))), CONNECTION);
  withExamples(
    command,
    'streamer dlq replay -A customer-prediction --dry-run',
    'streamer dlq replay orders -A ./app.ts --agent charge --error PaymentError',
  );
  command.addHelpText(
    'after',
    '\nLetters that a filter leaves out can be replayed later. Positions are kept in the group <app>.dlq-replay.\nExit code 2, and nothing sent, when a letter is for an agent that the app does not have.',
  );
  return command.action(async (topics: string[], options: RawOptions) => (await import('../dlq/replay.ts')).replayLetters(topics, options));
}

function purge(): Command {
  const command = new Command('purge')
    .description('delete dead letters')
    .argument('[topics...]', TOPICS)
    .option('--before <offset>', 'delete the letters below this offset of each partition; without it, all that are there')
    .option('--yes', 'needed: what is purged is gone');
  withSettings(withJson(withApp(command)), CONNECTION);
  withExamples(command, 'streamer dlq purge orders -A ./app.ts --before 120 --yes');
  return command.action(async (topics: string[], options: RawOptions) => (await import('../dlq/purge.ts')).purgeLetters(topics, options));
}
