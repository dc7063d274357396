import { Command } from 'commander';
import { withExamples, withJson } from '../help.ts';
import { CONNECTION, type RawOptions, withApp, withSettings } from '../options.ts';

export function runCommand(): Command {
  const command = new Command('run')
    .description("run one of an app's own commands; without a name, list them")
    .argument('[name]', "the command's name")
    .argument('[args...]', 'its arguments and options; those of `run` itself stand before the name')
    .passThroughOptions()
    .enablePositionalOptions();
  withSettings(withJson(withApp(command)), CONNECTION);
  withExamples(
    command,
    'streamer run -A customer-prediction                                  # which commands there are',
    'streamer run -A customer-prediction model --port 3000',
    'streamer run -A customer-prediction simulate --help',
  );
  return command.action(async (name: string | undefined, args: string[], options: RawOptions) => {
    const { runAppCommand } = await import('../app-command.ts');
    await runAppCommand(name, args, options);
  });
}
