import { Command } from 'commander';
import { withExamples, withJson } from '../help.ts';
import { type RawOptions, withApp } from '../options.ts';

export function cdcCommand(): Command {
  const command = new Command('cdc').description('change capture: check the database, show the slots of an app, start over');
  withExamples(command, 'streamer cdc check -A ./app.ts', 'streamer cdc status -A ./app.ts', 'streamer cdc reset cars -A ./app.ts --yes');
  for (const each of [check(), status(), reset()]) command.addCommand(each);
  return command;
}

function check(): Command {
  const command = new Command('check')
    .description('check everything that sources need of their database, and show what they do to it; changes nothing')
    .argument('[names...]', 'sources; none: all');
  withExamples(withJson(withApp(command)), 'streamer cdc check -A ./app.ts', 'streamer cdc check cars -A ./app.ts --json');
  command.addHelpText('after', '\nExit code 1 when a source could not start.');
  return command.action(async (names: string[], options: RawOptions) => (await import('../cdc/check.ts')).checkSources(names, options));
}

function status(): Command {
  const command = new Command('status')
    .description('slot, publication, lag and reader of each source of an app that reads a database')
    .argument('[names...]', 'sources; none: all');
  withExamples(withJson(withApp(command)), 'streamer cdc status -A ./app.ts', 'streamer cdc status -A ./app.ts --json');
  command.addHelpText('after', '\nExit code 1 when changes are lost, or a table is not published.');
  return command.action(async (names: string[], options: RawOptions) => (await import('../cdc/status.ts')).showStatus(names, options));
}

function reset(): Command {
  const command = new Command('reset')
    .description('drop the slots of sources, so that the next start takes a snapshot and the server can drop its log')
    .argument('[names...]', 'sources; none: all, with --yes')
    .option('--publication', 'drop the publications too')
    .option('--yes', 'confirm that changes that were not read yet are lost');
  withExamples(withJson(withApp(command)), 'streamer cdc reset cars -A ./app.ts --yes');
  return command.action(async (names: string[], options: RawOptions) => (await import('../cdc/reset.ts')).resetSources(names, options));
}
