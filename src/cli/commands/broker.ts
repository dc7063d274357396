import { Command, Option } from 'commander';
import { withExamples, withJson } from '../help.ts';
import type { RawOptions } from '../options.ts';

export function brokerCommand(): Command {
  const command = new Command('broker')
    .description("run the embedded broker: Kafka's protocol on loopback, in memory or in a folder")
    .option('--port <n>', 'port to listen on; 0 chooses a free one', '29092')
    .option('--host <address>', 'loopback address; others are refused, because the broker has no security', '127.0.0.1')
    .option('--nodes <n>', 'nodes, all in this process, on consecutive ports', '1')
    .option('--auto-create-topics', 'create a topic when a client asks for one that does not exist')
    .option('--data <folder>', 'keep topics, records and group offsets in this folder; without it they are in memory')
    .addOption(
      new Option('--durability <when>', 'with --data, acknowledge records when written (os) or when synced to the disk (fsync)').choices([
        'os',
        'fsync',
      ]),
    )
    .option('--salvage', 'with --data, start from a damaged folder: give up what cannot be read of it, and keep that aside');
  withJson(command);
  withExamples(
    command,
    'streamer broker',
    'streamer broker --port 9092 --auto-create-topics',
    'streamer broker --data ./broker-data',
    'kcat -b 127.0.0.1:29092 -L',
  );
  command.addHelpText('after', '\nFor development and tests. Production is Apache Kafka.');
  return command.action(async (options: RawOptions) => (await import('../broker-run.ts')).runBroker(options));
}
