import { Command } from 'commander';
import { withExamples, withJson } from '../help.ts';
import { CONNECTION, type RawOptions, withApp, withSettings } from '../options.ts';

export function tablesCommand(): Command {
  const command = new Command('tables').description('list the tables of an app, and show what is committed in them');
  withExamples(command, 'streamer tables list -A ./app.ts', 'streamer tables get counts u1 -A ./app.ts');
  for (const each of [list(), get(), dump()]) command.addCommand(each);
  return command;
}

function list(): Command {
  const command = new Command('list').description('the tables of an app: who uses them, their changelogs, how many records these hold');
  withSettings(withJson(withApp(command)), CONNECTION);
  withExamples(command, 'streamer tables list -A ./app.ts');
  return command.action(async (options: RawOptions) => (await import('../tables/list.ts')).listTables(options));
}

function get(): Command {
  const command = new Command('get')
    .description('print the committed entry of a key')
    .argument('<table>', 'a table of the app')
    .argument('<key>', "the key: text where the table's keys are text, else JSON");
  withSettings(withJson(withApp(command)), CONNECTION);
  withExamples(command, 'streamer tables get counts u1 -A ./app.ts', 'streamer tables get per-hour 12 -A ./app.ts --json');
  command.addHelpText('after', '\nThe changelog is read whole. Exit code 1 when the table has no entry of the key.');
  return command.action(async (table: string, key: string, options: RawOptions) =>
    (await import('../tables/get.ts')).getEntry(table, key, options),
  );
}

function dump(): Command {
  const command = new Command('dump')
    .description('print all committed entries of a table')
    .argument('<table>', 'a table of the app')
    .option('--partition <n>', 'those of this partition alone')
    .option('--limit <n>', 'stop after this many entries');
  withSettings(withJson(withApp(command)), CONNECTION);
  withExamples(command, 'streamer tables dump counts -A ./app.ts', 'streamer tables dump counts -A ./app.ts --json | jq .value');
  command.addHelpText(
    'after',
    '\nEntries come partition by partition, in no particular order within one. A partition is read whole before its entries are printed.\nWith --json: {"table","partition","key","value","timestamp"}; the time is that of the event that wrote the entry.',
  );
  return command.action(async (table: string, options: RawOptions) => (await import('../tables/dump.ts')).dumpTable(table, options));
}
