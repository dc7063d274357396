import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { asset } from './assets.ts';
import { bandOf } from './band.ts';
import { placeOf } from './model/place.ts';
import { rateOf } from './numbers.ts';
import { Display } from './start/display.ts';

interface Options {
  readonly file?: string;
  readonly rate: string;
  readonly minAge?: string;
  readonly maxAge?: string;
  readonly brokers?: string;
  readonly model?: string;
  readonly json?: true;
}

/** `npm start`: the whole example in one go. Exit 1 when anything is lost, doubled or miscounted, or a part failed; 2 when an
 * option cannot be used; 130 when interrupted. */
const command = new Command('npm start --')
  .description('Runs customer-prediction whole: broker, topics, model server, two workers, simulator; then counts what came out.')
  .option('--file <csv>', 'bank-marketing CSV, comma or semicolon (default: a generated sample of 4,521 customers)')
  .option('--rate <n>', 'customers per second; 0 = as fast as it goes', '0')
  .option('--min-age <n>', 'youngest age of the band, included (default: 60 when no limit is given)')
  .option('--max-age <n>', 'oldest age of the band, included (default: none)')
  .option('--brokers <list>', 'a Kafka of your own, host:port, comma separated (also KAFKA_BROKERS); default: the embedded broker')
  .option('--model <place>', 'where predictions come from: server, in-process or seed (also MODEL); default: server')
  .option('--json', 'print nothing but the summary on standard output, as one JSON object')
  .action(main);

async function main(options: Options): Promise<void> {
  const display = new Display(options.json === true);
  const { signal, release } = interruption();
  try {
    const band = bandOf({ MIN_AGE: options.minAge ?? process.env.MIN_AGE, MAX_AGE: options.maxAge ?? process.env.MAX_AGE });
    const brokers = options.brokers ?? process.env.STREAMER_BROKERS ?? process.env.KAFKA_BROKERS;
    const file = options.file === undefined ? asset('sample/customers.csv') : resolve(process.env.INIT_CWD ?? '.', options.file);
    const rate = rateOf(options.rate);
    await access(file, constants.R_OK).catch((cause: Error) => Promise.reject(new RangeError(`cannot read ${file}: ${cause.message}`)));
    const place = placeOf({ MODEL: options.model ?? process.env.MODEL });
    const { run } = await import('./start/run.ts');
    const summary = await run({ band, place, file, rate, brokers: brokers === '' ? undefined : brokers, signal, display });
    display.summary(summary, next(brokers));
    const isWrong = summary.lost > 0 || summary.duplicates > 0 || summary.jobsWrong.length > 0;
    if (isWrong || summary.rejected !== undefined) process.exitCode = 1;
  } catch (error) {
    process.exitCode = signal.aborted ? 130 : error instanceof RangeError ? 2 : 1;
    process.stderr.write(signal.aborted ? 'interrupted: everything is stopped\n' : `${await wordsOf(error)}\n`);
  } finally {
    release();
  }
}

/** streamer is loaded only now that there is something to say: until then, loading it would hold up the processes. */
async function wordsOf(error: unknown): Promise<string> {
  const { describeError, isStreamerError } = await import('streamerjs');
  return isStreamerError(error) ? describeError(error) : (error as Error).message;
}

/** A second signal ends at once; the children notice that we are gone. */
function interruption(): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Error(`interrupted by ${name}`));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  // Nobody reads on, as behind `| head`.
  process.stdout.on('error', (error) => controller.abort(error));
  return { signal: controller.signal, release: () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal) };
}

function next(brokers: string | undefined): string {
  return brokers === undefined || brokers === ''
    ? 'examples/customer-prediction/README.md: the same in separate terminals, or on a Kafka of your own'
    : `npm run streamer -- consume customer_predictions --brokers ${brokers}`;
}

await command.parseAsync();
