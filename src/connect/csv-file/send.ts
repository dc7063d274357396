import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError } from '../../errors.ts';
import { type CsvOptions, type CsvProblem, type CsvRow, readCsv } from '../csv.ts';

export interface SendCsvOptions<T> extends CsvOptions {
  /** What is sent for a row; undefined passes it over. A throw makes the row a problem. */
  readonly record: (row: CsvRow['row'], line: number) => T | undefined | Promise<T | undefined>;
  /** Resolves when the record is acknowledged. */
  readonly send: (record: T, line: number) => Promise<unknown>;
  /** Told of lines that are no rows, and rows that no record could be made of; they are passed over. @default they end the reading */
  readonly onProblem?: ((problem: CsvProblem) => void) | undefined;
  /** Records per second; 0 = as fast as it goes. @default 0 */
  readonly rate?: number | undefined;
  /** Most records to send. @default all */
  readonly limit?: number | undefined;
}

export interface SendCsvResult {
  /** Records that were acknowledged. */
  readonly sent: number;
  readonly problems: number;
}

/**
 * Sends the rows of a CSV file, in order, and no more at once than can well be held in memory. Resolves when all are acknowledged; with
 * `signal` aborted it stops reading and resolves to what was sent. What fails first (a file as in `readCsv`, a `send`) ends the reading
 * and is thrown when the rest is no longer under way.
 *
 * @throws ConfigError for options that cannot work
 */
export async function sendCsv<T>(file: string, options: SendCsvOptions<T>): Promise<SendCsvResult> {
  const { record, send, onProblem, rate = 0, limit = Number.POSITIVE_INFINITY, signal, ...format } = options;
  const wrong = Object.entries({ rate, limit }).filter(([, value]) => !(value >= 0));
  if (wrong.length > 0) throw new ConfigError(wrong.map(([name, value]) => `sendCsv: ${name} must be at least 0, got ${String(value)}`));
  const underWay = new UnderWay();
  const started = performance.now();
  let taken = 0;
  let problems = 0;
  try {
    for await (const result of readCsv(file, format)) {
      if (signal?.aborted || underWay.failure !== undefined || taken >= limit) break;
      const made = await recordOf(result, record);
      if (made instanceof Problem) {
        if (onProblem === undefined) throw made.error;
        problems++;
        onProblem({ line: result.line, text: result.text, error: made.error });
        continue;
      }
      if (made === undefined) continue;
      if (rate > 0) await pause(started + (taken * 1_000) / rate - performance.now(), signal);
      if (signal?.aborted) break;
      taken++;
      await underWay.add(send(made, result.line));
    }
  } catch (error) {
    underWay.failure ??= { error };
  }
  await underWay.landed();
  if (underWay.failure !== undefined) throw underWay.failure.error;
  return { sent: underWay.sent, problems };
}

class Problem {
  readonly error: CsvProblem['error'];

  constructor(error: unknown) {
    this.error = error as CsvProblem['error'];
  }
}

async function recordOf<T>(result: CsvRow | CsvProblem, record: SendCsvOptions<T>['record']): Promise<T | undefined | Problem> {
  if ('error' in result) return new Problem(result.error);
  try {
    return await record(result.row, result.line);
  } catch (error) {
    return new Problem(error);
  }
}

/**
 * Enough to fill the sender's batches. It begins with few and grows with the acknowledgements, so that the first records are under
 * way to their readers while the rest of the file is still read.
 */
const FIRST = 16;
const MOST = 2_000;

class UnderWay {
  sent = 0;
  failure: { readonly error: unknown } | undefined;
  #count = 0;
  #wake: () => void = () => {};

  /** Resolves when there is room for more. */
  async add(sending: Promise<unknown>): Promise<void> {
    this.#count++;
    sending
      .then(
        () => this.sent++,
        (error: unknown) => (this.failure ??= { error }),
      )
      .then(() => {
        this.#count--;
        this.#wake();
      });
    while (this.#count >= Math.min(MOST, FIRST + this.sent / 4)) await this.#change();
  }

  async landed(): Promise<void> {
    while (this.#count > 0) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { ...(signal && { signal }) }).catch(() => {});
}
