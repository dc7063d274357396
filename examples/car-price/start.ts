import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { describeError, isStreamerError } from 'streamerjs';
import { asset } from './assets.ts';
import { run, type Summary } from './start/run.ts';

interface Options {
  readonly file?: string;
  readonly rate: string;
  readonly limit?: string;
  readonly brokers?: string;
  readonly json?: true;
}

/** `npm run example:car-price`. Exit 1 when anything is lost, doubled or wrong, or a part failed; 2 when an option or the
 * installation cannot be used; 130 when interrupted. */
const command = new Command('npm run example:car-price --')
  .description('Runs car-price whole: broker, Postgres, model server, source, agent and sink; then compares the tables.')
  .option('--file <csv>', 'used cars; the model is first trained on four fifths of them (default: a generated sample of 2,000 cars)')
  .option('--rate <n>', 'cars inserted per second; 0 = as fast as it goes', '1000')
  .option('--limit <n>', 'insert so many cars at most')
  .option('--brokers <list>', 'a Kafka of your own, host:port, comma separated (also KAFKA_BROKERS); default: the embedded broker')
  .option('--json', 'print nothing but the summary on standard output, as one JSON object')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .action(main);

async function main(options: Options): Promise<void> {
  const { signal, release } = interruption();
  const stream = options.json === true ? process.stderr : process.stdout;
  try {
    const file = options.file === undefined ? undefined : resolve(process.env.INIT_CWD ?? '.', options.file);
    if (file !== undefined)
      await access(file, constants.R_OK).catch(({ message }: Error) => Promise.reject(new RangeError(`cannot read ${file}: ${message}`)));
    const summary = await run({
      file: file ?? asset('sample/cars.csv'),
      isOwnFile: file !== undefined,
      rate: number('--rate', options.rate),
      limit: options.limit === undefined ? Number.POSITIVE_INFINITY : number('--limit', options.limit, 1),
      brokers: options.brokers ?? process.env.STREAMER_BROKERS ?? process.env.KAFKA_BROKERS,
      signal,
      say: (text) => void stream.write(`${text}\n`),
    });
    process.stdout.write(options.json === true ? `${JSON.stringify(summary)}\n` : table(summary));
    if (summary.lost + summary.duplicates + summary.mismatches > 0) process.exitCode = 1;
  } catch (error) {
    const isUsage = error instanceof RangeError || (isStreamerError(error) && ['CONFIG', 'USAGE', 'DECODE'].includes(error.code));
    process.exitCode = signal.aborted ? 130 : isUsage ? 2 : 1;
    process.stderr.write(
      signal.aborted
        ? 'interrupted: everything is stopped\n'
        : `${isStreamerError(error) ? describeError(error) : (error as Error).message}\n`,
    );
  } finally {
    release();
  }
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

function table(summary: Summary): string {
  const count = (value: number) => value.toLocaleString('en');
  const rows = [
    ['inserted', count(summary.inserted)],
    ['updated', count(summary.updated)],
    ['deleted', count(summary.deleted)],
    ['priced', `${count(summary.priced)} cars that are left, each as the model scores it offline`],
    ['lost', count(summary.lost)],
    ['doubled', count(summary.duplicates)],
    ['wrong', count(summary.mismatches)],
    ['latency', `half within ${summary.p50Ms} ms, 99 % within ${summary.p99Ms} ms, from commit to commit`],
    ['speed', `${count(summary.rowsPerSecond)} rows/s`],
    ['next', 'examples/car-price/README.md: the same in separate terminals, and with Debezium'],
  ];
  return `\nCompared in Postgres, ${'tbl_car_price'} with ${'car_data_predicted'}:\n${rows.map(([name, value]) => `  ${String(name).padEnd(10)} ${value}\n`).join('')}`;
}

function number(name: string, text: string, least = 0): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < least)
    throw new RangeError(`${name} must be a number of at least ${least}, got ${JSON.stringify(text)}`);
  return value;
}

await command.parseAsync();
