import { Command } from 'commander';
import { withExamples, withJson } from '../help.ts';
import { CONNECTION, type RawOptions, withApp, withSettings } from '../options.ts';

export function consumeCommand(): Command {
  const command = new Command('consume')
    .description("print the records of topics; with -A, decoded as the app's topics declare")
    .argument('<topics...>', 'existing topics')
    .option('--from <where>', 'earliest or latest: where to begin', 'earliest')
    .option('--limit <n>', 'stop after so many records')
    .option('-f, --follow', 'wait for more at the end; without it, stops at the end as it was at the start')
    .option('-g, --group <id>', 'read as a member of this group: begins at its committed offsets, and commits what was printed');
  withSettings(withJson(withApp(command)), CONNECTION);
  withExamples(
    command,
    'streamer consume customer_predictions --limit 5',
    'streamer consume orders -A ./app.ts --from latest --follow --json | jq .value.amount',
  );
  command.addHelpText(
    'after',
    '\nWith --json: {"topic","partition","offset","timestamp","key","value","headers"}. Without -A, key and value are text, or\n{"base64":...} where the bytes are not UTF-8. Avro is printed as send takes it.\nWhat does not decode has "error" in place of its value.',
  );
  return command.action(async (topics: string[], options: RawOptions) =>
    (await import('../records/consume.ts')).consumeRecords(topics, options),
  );
}
