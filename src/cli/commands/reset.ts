import { Command } from 'commander';
import { withExamples, withJson } from '../help.ts';
import { CONNECTION, type RawOptions, withApp, withSettings } from '../options.ts';

export function resetCommand(): Command {
  const command = new Command('reset')
    .description('move an app to other offsets of the topics that it reads, while none of its workers runs')
    .argument('[topics...]', 'of the topics that the app reads (default: all)')
    .option('--to <where>', 'earliest, latest, an offset, a time, or -2h for two hours ago (units: s, m, h, d)')
    .option('--tables', 'empty the tables that are written from these topics')
    .option('--keep-state', 'leave these tables as they are')
    .option('--dry-run', 'show what would be done, and change nothing')
    .option('--yes', 'do it without asking');
  withSettings(withJson(withApp(command)), CONNECTION);
  withExamples(
    command,
    'streamer reset -A customer-prediction --to earliest --dry-run',
    'streamer reset orders -A ./app.ts --to -2h',
    'streamer reset -A ./app.ts --to earliest --tables',
    'streamer reset -A ./app.ts --to 2026-11-30T10:00:00Z --yes --json',
  );
  command.addHelpText(
    'after',
    "\nWhat was finished beyond the old offset is forgotten: every record from the new offset on is worked on. An offset outside of\na partition's log means its nearest end; a time means the first record at or after it.\nRepartition topics go to their end, unless they are named: their records are written again from where the source goes on.\nTables are emptied, or stay as they are: offsets and tables belong together, and a worker refuses others.\nExit code 2, and nothing changed, while the app has running workers.",
  );
  return command.action(async (topics: string[], options: RawOptions) => (await import('../reset/reset.ts')).resetApp(topics, options));
}
