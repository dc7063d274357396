import { once } from 'node:events';
import { ConfigError } from '../../errors.ts';
import type { HeadersInput, Topic } from '../../topics/index.ts';
import type { CsvOptions, CsvProblem, CsvRow } from '../csv.ts';
import type { Source, SourceContext, SourceRecord } from '../source.ts';
import { sendCsv } from './send.ts';

export interface CsvFileOptions<KIn, VIn> extends Pick<CsvOptions, 'delimiter' | 'columns'> {
  /** Where the rows go; it must be the app's. */
  readonly topic: Topic<unknown, unknown, KIn, VIn>;
  readonly key: (row: CsvRow['row'], line: number) => KIn;
  /** What is sent for a row. A throw makes the row a problem. */
  readonly value: (row: CsvRow['row'], line: number) => VIn;
  readonly headers?: ((row: CsvRow['row'], line: number) => HeadersInput) | undefined;
  /** Rows per second; 0 = as fast as it goes. @default 0 */
  readonly rate?: number | undefined;
  /** Told of lines that are no rows, and rows that no value could be made of; they are passed over. @default they end the source's try */
  readonly onProblem?: ((problem: CsvProblem) => void) | undefined;
}

/**
 * Sends the rows of a CSV file to a topic, in order, once per start of the process: `app.source('cars', csvFile('cars.csv', {...}))`.
 * After a failure it goes on behind the last row that was acknowledged; a new process begins at the top again, so give rows a key of
 * their own. When all rows are sent it says so, and waits.
 *
 * @throws ConfigError for options that cannot work
 */
export function csvFile<KIn, VIn>(file: string, options: CsvFileOptions<KIn, VIn>): Source {
  const { topic, rate = 0 } = options;
  const problems = [
    ...(typeof topic?.encode === 'function' ? [] : ['topic must be a topic of the app']),
    ...(typeof options.key === 'function' && typeof options.value === 'function' ? [] : ['key and value must be functions of a row']),
    ...(rate >= 0 && Number.isFinite(rate) ? [] : [`rate must be at least 0, got ${String(rate)}`]),
  ];
  if (problems.length > 0) throw new ConfigError(problems.map((problem) => `csvFile: ${problem}`));
  const { name, partitions, replicationFactor, configs } = topic;
  const run = new CsvRun(file, options);
  return { kind: 'csv', topics: [{ name, partitions, replicationFactor, configs }], run: (context) => run.run(context) };
}

class CsvRun<KIn, VIn> {
  readonly #file: string;
  readonly #options: CsvFileOptions<KIn, VIn>;
  /** Up to this line everything is acknowledged. */
  #acknowledged = 0;

  constructor(file: string, options: CsvFileOptions<KIn, VIn>) {
    this.#file = file;
    this.#options = options;
  }

  async run(context: SourceContext): Promise<void> {
    const { signal } = context;
    const { rate, delimiter, columns, onProblem } = this.#options;
    const underWay: Array<{ readonly line: number; isSent: boolean }> = [];
    context.state('streaming', `reads ${this.#file}`);
    const { sent } = await sendCsv<SourceRecord>(this.#file, {
      rate,
      delimiter,
      columns,
      signal,
      onProblem: onProblem && ((problem) => problem.line > this.#acknowledged && onProblem(problem)),
      record: (row, line) => (line > this.#acknowledged ? this.#recordOf(row, line) : undefined),
      send: async (record, line) => {
        const place = { line, isSent: false };
        underWay.push(place);
        await context.send(record);
        place.isSent = true;
        while (underWay[0]?.isSent) this.#acknowledged = underWay.shift()?.line as number;
      },
    });
    if (signal.aborted) return;
    context.state('waiting', `all of ${this.#file} is sent: ${sent} rows`);
    if (!signal.aborted) await once(signal, 'abort');
  }

  async #recordOf(row: CsvRow['row'], line: number): Promise<SourceRecord> {
    const { topic, key, value, headers } = this.#options;
    const message = { key: key(row, line), value: value(row, line), headers: headers?.(row, line) };
    const encoded = await topic.encode(message as never);
    const list = Object.entries(encoded.headers ?? {}).flatMap(([name, values]) =>
      [values].flat().map((each) => [name, String(each)] as const),
    );
    return { topic: topic.name, key: encoded.key, value: encoded.value, headers: list };
  }
}
