import { Command } from 'commander';
import { withExamples, withJson } from '../help.ts';
import { type RawOptions, withApp, withSettings } from '../options.ts';

export function workerCommand(): Command {
  const command = new Command('worker').description('run the agents of an app; several workers share its partitions');
  withSettings(withJson(withApp(command)));
  withExamples(
    command,
    'streamer worker -A customer-prediction',
    'streamer worker -A ./app.ts --brokers kafka-1:9092,kafka-2:9092 --log-level debug',
    'streamer worker -A shop --json        # ready, assigned, progress, deadLetter ... one object per line',
  );
  command.addHelpText(
    'after',
    '\nSIGINT and SIGTERM: finish the events in flight (--drain-timeout-ms), commit, leave the group, exit 0.\nA second signal ends the process at once: exit 130 or 143, without another commit.',
  );
  return command.action(async (options: RawOptions) => (await import('../worker/run.ts')).runWorker(options));
}
