import { Command } from 'commander';
import { withExamples, withJson } from '../help.ts';
import { type RawOptions, withApp, withSettings } from '../options.ts';

export function schemasCommand(): Command {
  const command = new Command('schemas').description("an app's schemas in the schema registry: register, check, show, diff");
  withExamples(command, 'streamer schemas check -A ./app.ts', 'streamer schemas register -A ./app.ts');
  for (const each of [register(), check(), show(), diff()]) command.addCommand(each);
  return command;
}

function register(): Command {
  const command = new Command('register').description('register the schemas that are not registered yet, if their subjects allow it');
  command.addHelpText('after', '\nExit code 1 when a schema is not compatible with its subject: no schema is registered then.');
  return schemaCommand(command, async (topics, options) => (await import('../schemas/register.ts')).registerSchemas(topics, options));
}

function check(): Command {
  const command = new Command('check').description('say which schemas are registered, new, or not compatible; changes nothing');
  command.addHelpText('after', '\nExit code 1 when a schema is not compatible with its subject.');
  return schemaCommand(command, async (topics, options) => (await import('../schemas/check.ts')).checkSchemas(topics, options));
}

function show(): Command {
  const command = new Command('show').description('print the schemas as they are registered');
  return schemaCommand(command, async (topics, options) => (await import('../schemas/show.ts')).showSchemas(topics, options));
}

function diff(): Command {
  const command = new Command('diff').description('compare each schema with the newest one of its subject, field by field');
  return schemaCommand(command, async (topics, options) => (await import('../schemas/diff.ts')).diffSchemas(topics, options));
}

function schemaCommand(command: Command, action: (topics: string[], options: RawOptions) => Promise<void>): Command {
  command.argument('[topics...]', 'only the schemas of these topics');
  withSettings(withJson(withApp(command)), ['logLevel']);
  withExamples(command, `streamer schemas ${command.name()} -A ./app.ts`);
  command.addHelpText('after', '\nThe registry is the one the app names, else that of SCHEMA_REGISTRY_URL.');
  return command.action(action);
}
