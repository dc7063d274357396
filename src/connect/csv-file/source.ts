import { once } from 'node:events';
import { aFunction, checkOptions, refuse, that } from '../../options/index.ts';
import type { HeadersInput, Message, Topic } from '../../topics/index.ts';
import { type CsvOptions, format } from '../csv/options.ts';
import type { CsvProblem, CsvRow } from '../csv/read.ts';
import type { Source, SourceContext, SourceRecord } from '../source.ts';
import { sendCsv } from './send.ts';

export interface CsvFileOptions<KIn, VIn> extends Pick<CsvOptions, 'delimiter' | 'columns' | 'encoding'> {
  /** Where the rows go; it must be the app's. */
  readonly topic: Topic<unknown, unknown, KIn, VIn>;
  readonly key: (row: CsvRow['row'], line: number) => KIn;
  /** What is sent for a row. A throw makes the row a problem. */
  readonly value: (row: CsvRow['row'], line: number) => VIn;
  readonly headers?: ((row: CsvRow['row'], line: number) => HeadersInput) | undefined;
  /** Rows per second; 0 = as fast as it goes. @default 0 */
  readonly rate?: number | undefined;
  /** Gets the lines that are not rows, and the rows whose value could not be made; they are passed over. @default they fail the source */
  readonly onProblem?: ((problem: CsvProblem) => void) | undefined;
}

/**
 * Sends the rows of a CSV file to a topic, in order, once per start of the process: `app.source('cars', csvFile('cars.csv', {...}))`.
 * After a failure it goes on behind the last row that was acknowledged; a new process begins at the top again, so give each row a
 * key of its own. When all rows are sent its state says so, and it waits.
 *
 * @throws ConfigError for options that cannot work
 */
export function csvFile<KIn, VIn>(file: string, options: CsvFileOptions<KIn, VIn>): Source {
  checkOptions<CsvFileOptions<KIn, VIn>>('csvFile', options, {
    ...format,
    topic: that('a topic of the app', (value) => typeof Object(value).encode === 'function'),
    key: aFunction,
    value: aFunction,
    headers: aFunction,
    rate: that('a finite number of at least 0', (value) => Number.isFinite(value) && Number(value) >= 0),
    onProblem: aFunction,
  });
  const { topic, key, value } = options;
  const missing = Object.entries({ topic, key, value }).filter(([, given]) => given === undefined);
  refuse(
    'csvFile',
    missing.map(([option]) => `${option} is missing`),
  );
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
    const { rate, delimiter, columns, encoding, onProblem } = this.#options;
    const inFlight: Array<{ readonly line: number; isSent: boolean }> = [];
    context.state('streaming', `reads ${this.#file}`);
    const { sent } = await sendCsv<SourceRecord>(this.#file, {
      rate,
      delimiter,
      columns,
      encoding,
      signal,
      onProblem: onProblem && ((problem) => problem.line > this.#acknowledged && onProblem(problem)),
      record: (row, line) => (line > this.#acknowledged ? this.#recordOf(row, line) : undefined),
      send: async (record, line) => {
        const place = { line, isSent: false };
        inFlight.push(place);
        await context.send(record);
        place.isSent = true;
        for (let [first] = inFlight; first?.isSent; [first] = inFlight) {
          this.#acknowledged = first.line;
          inFlight.shift();
        }
      },
    });
    if (signal.aborted) return;
    context.state('waiting', `all of ${this.#file} is sent: ${sent} rows`);
    if (!signal.aborted) await once(signal, 'abort');
  }

  async #recordOf(row: CsvRow['row'], line: number): Promise<SourceRecord> {
    const { topic, key, value, headers } = this.#options;
    const encoded = await topic.encode(messageOf(key(row, line), value(row, line), headers?.(row, line)));
    const list = Object.entries(encoded.headers ?? {}).flatMap(([name, values]) => [values].flat().map((each) => [name, each] as const));
    return { topic: topic.name, key: encoded.key, value: encoded.value, headers: list };
  }
}

/** Whether a key may be left out depends on its type, which is not known here: it is always given. */
function messageOf<KIn, VIn>(key: KIn, value: VIn, headers: HeadersInput | undefined): Message<KIn, VIn> {
  return { key, value, headers } as Message<KIn, VIn>;
}
