import { Command, Option } from 'commander';
import { withExamples, withJson } from '../help.ts';

export function brokerCommand(): Command {
  const command = new Command('broker')
    .description("run the embedded broker: it speaks Kafka's protocol, on loopback, in memory or in a folder")
    .option('--port <n>', 'port to listen on; 0 takes a free one', '29092')
    .option('--host <address>', 'loopback address; any other is refused, as there is no security', '127.0.0.1')
    .option('--nodes <n>', 'nodes in this one process, each with the next port', '1')
    .option('--auto-create-topics', 'make a topic when a client asks about one that is not there')
    .option('--data <folder>', 'keep topics, records and group offsets in this folder; without it they are in memory')
    .addOption(
      new Option('--durability <when>', 'with --data, acknowledge records when written (os) or when synced to the disk (fsync)').choices([
        'os',
        'fsync',
      ]),
    );
  withJson(command);
  withExamples(
    command,
    'streamer broker',
    'streamer broker --port 9092 --auto-create-topics',
    'streamer broker --data ./broker-data',
    'kcat -b 127.0.0.1:29092 -L',
  );
  command.addHelpText('after', '\nFor development and tests. Production is Apache Kafka.');
  return command.action(async (options: Record<string, unknown>) => (await import('../broker-run.ts')).runBroker(options));
}
