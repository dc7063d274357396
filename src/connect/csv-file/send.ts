import { isStreamerError, messageOf, StreamerError } from '../../errors.ts';
import { aFunction, checkOptions, numberFrom } from '../../options/index.ts';
import { InFlightWindow, sleep } from '../../timing/index.ts';
import { type CsvOptions, csvOptions } from '../csv/options.ts';
import { type CsvProblem, type CsvRow, readCsv } from '../csv/read.ts';

export interface SendCsvOptions<T> extends CsvOptions {
  /** What is sent for a row; undefined passes it over. A throw makes the row a problem. */
  readonly record: (row: CsvRow['row'], line: number) => T | undefined | Promise<T | undefined>;
  /** Resolves when the record is acknowledged. */
  readonly send: (record: T, line: number) => Promise<unknown>;
  /** Gets the lines that are not rows, and the rows whose record could not be made; they are passed over. @default they end the reading */
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
 * Sends the rows of a CSV file, in order, a bounded number at once. Resolves when all are acknowledged; when `signal` aborts it stops
 * reading and resolves with what was sent. The first failure (of the file, as in `readCsv`, or of a `send`) ends the reading; it rejects
 * with it when no other send is in flight.
 *
 * @throws ConfigError for options that cannot work
 */
export async function sendCsv<T>(file: string, options: SendCsvOptions<T>): Promise<SendCsvResult> {
  const { record, send, onProblem, rate = 0, limit = Number.POSITIVE_INFINITY, signal, ...format } = options;
  checkOptions<SendCsvOptions<T>>('sendCsv', options, {
    ...csvOptions,
    record: aFunction,
    send: aFunction,
    onProblem: aFunction,
    rate: numberFrom(0),
    limit: numberFrom(0),
  });
  const inFlight = new InFlightWindow(({ count, succeeded }) => count < Math.min(MOST, FIRST + succeeded / 4));
  const started = performance.now();
  let taken = 0;
  let problems = 0;
  try {
    for await (const result of readCsv(file, format)) {
      if (signal?.aborted || inFlight.failure !== undefined || taken >= limit) break;
      const made = await recordOf(result, record);
      if (made instanceof Problem) {
        if (onProblem === undefined) throw made.reason;
        problems++;
        onProblem({ line: result.line, text: result.text, error: made.error });
        continue;
      }
      if (made === undefined) continue;
      if (rate > 0) await sleepUntil(started + (taken * 1_000) / rate, signal);
      if (signal?.aborted) break;
      taken++;
      await inFlight.add(send(made, result.line));
    }
  } catch (error) {
    inFlight.failure ??= { error };
  }
  await inFlight.settled();
  if (inFlight.failure !== undefined) throw inFlight.failure.error;
  return { sent: inFlight.succeeded, problems };
}

class Problem {
  /** What was thrown. */
  readonly reason: unknown;

  constructor(reason: unknown) {
    this.reason = reason;
  }

  get error(): StreamerError {
    const { reason } = this;
    return isStreamerError(reason) ? reason : new StreamerError('VALIDATION', messageOf(reason), { cause: reason });
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
 * Records in flight: enough to fill the sender's batches. The number begins small and grows with the acknowledgements, so that the
 * first records are on their way to readers while the rest of the file is still read.
 */
const FIRST = 16;
const MOST = 2_000;

async function sleepUntil(time: number, signal: AbortSignal | undefined): Promise<void> {
  const ms = time - performance.now();
  if (ms > 0) await sleep(ms, signal);
}
