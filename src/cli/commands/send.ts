import { Command } from 'commander';
import { withExamples, withJson } from '../help.ts';
import { CONNECTION, type RawOptions, withApp, withSettings } from '../options.ts';

export function sendCommand(): Command {
  const command = new Command('send')
    .description("send records to a topic; with -A, checked and encoded as the app's topic declares")
    .argument('<topic>', 'an existing topic')
    .argument('[value]', 'the value: JSON where the topic declares it, else text as it is; - reads one value per line from standard input')
    .option('-k, --key <key>', 'key of the record')
    .option('-H, --header <name=value...>', 'headers')
    .option('--partition <n>', 'partition; without it the key decides, as in the Java client')
    .option('--timestamp <ms>', 'time of the record in milliseconds since 1970-01-01 UTC')
    .option('--tombstone', 'no value: deletes the key from a compacted topic');
  withSettings(withJson(withApp(command)), CONNECTION);
  withExamples(
    command,
    `streamer send orders '{"id":"1","user":"u1","amount":12}' -k u1 -A ./app.ts`,
    'streamer send lines - < access.log',
    'streamer send users -k u1 --tombstone',
  );
  command.addHelpText(
    'after',
    '\nIn Avro: dates as "2026-11-22", times as "2026-11-22T10:00:00Z", decimals as "12.30", longs of a bigint as "9007199254740993",\nbytes as text or {"base64":...}. A branch of a union can be named: {"int":1}.',
  );
  return command.action(async (topic: string, value: string | undefined, options: RawOptions) => {
    const { sendRecords } = await import('../records/send.ts');
    await sendRecords(topic, value, options);
  });
}
