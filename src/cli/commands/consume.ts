import { Command } from 'commander';
import { withExamples, withJson } from '../help.ts';
import { CONNECTION, type RawOptions, withApp, withSettings } from '../options.ts';

export function consumeCommand(): Command {
  const command = new Command('consume')
    .description("print the records of topics; with -A, decoded as the app's topics declare")
    .argument('<topics...>', 'existing topics')
    .option('--from <where>', 'earliest, latest, an offset, -N for the last N offsets of each partition, or a time', 'earliest')
    .option('--until <where>', 'stop before this offset, or at the first record of this time')
    .option('--partition <n>', 'read this partition alone')
    .option('--key <key>', 'print the records with this key alone')
    .option('--limit <n>', 'stop after this many records')
    .option('-f, --follow', 'wait for more records at the end; without it, stops at the end as it was at the start')
    .option('-g, --group <id>', 'read as a member of this group: begins at its committed offsets, and commits what was printed')
    .option('--show <parts>', 'print these before key and value: partition, time, headers (default: partition)');
  withSettings(withJson(withApp(command)), CONNECTION);
  withExamples(
    command,
    'streamer consume customer_predictions --limit 5',
    'streamer consume orders -A ./app.ts --from latest --follow --json | jq .value.amount',
    'streamer consume orders --from 2026-11-30T10:00:00Z --until 2026-11-30T11:00:00Z --key u1 --show time,headers',
    'streamer consume orders --from -10 --partition 0',
  );
  command.addHelpText(
    'after',
    '\nWith --json: {"topic","partition","offset","timestamp","key","value","headers"}. Without -A, key and value are text, or\n{"base64":...} where the bytes are not UTF-8. Avro is printed in the form that send accepts.\nA value that does not decode is printed as {"error":...}. Control characters are escaped, except in JSON.\nTransactions and compaction leave offsets without a record.',
  );
  return command.action(async (topics: string[], options: RawOptions) =>
    (await import('../records/consume.ts')).consumeRecords(topics, options),
  );
}
