import { Command } from 'commander';
import { withExamples } from '../help.ts';
import { type RawOptions, withApp, withSettings } from '../options.ts';

export function devCommand(): Command {
  const command = new Command('dev')
    .description('run an app while you work on it: broker, topics, worker, its own commands, and a restart on every change')
    .option('--run <command...>', "app commands to run beside the worker, as 'simulate --rate 10'")
    .option('--watch <folder...>', "folders whose changes restart the worker (default: the app file's folder)")
    .option('--no-watch', 'do not restart on changes')
    .option('--port <n>', 'port of the embedded broker; 0 chooses a free one (default: 29092, or a free one when it is taken)');
  withSettings(withApp(command));
  withExamples(command, 'streamer dev -A ./app.ts', "streamer dev -A customer-prediction --run model --run 'simulate --rate 10'");
  command.addHelpText('after', '\nStarts an embedded broker unless brokers are configured (flag, environment, or file).');
  return command.action(async (options: RawOptions) => (await import('../dev/run.ts')).runDev(options));
}
