import { describeError } from '../errors.ts';
import { duration, hasSink, LineRate, type LogLevel, libraryLog, logToStandardError, printable } from '../observe/index.ts';
import type { EventPlace, WorkerEvents } from '../runtime/index.ts';

const log = libraryLog('worker');
const LOG: Readonly<Record<LogLevel, (text: string) => void>> = {
  debug: (text) => log.debug('{text}', { text }),
  info: (text) => log.info('{text}', { text }),
  warning: (text) => log.warning('{text}', { text }),
  error: (text) => log.error('{text}', { text }),
};

/** The part of a worker that is listened to. */
export interface Loud {
  on<E extends keyof WorkerEvents>(event: E, listener: (...args: WorkerEvents[E]) => void): unknown;
  readonly stopped: Promise<unknown>;
}

/**
 * Logs what a worker gives up, repeats and waits for, where nothing else does: an app that is embedded in a program has no command to print
 * it. Lines go to LogTape (category `streamer.worker`) when the program has configured it for them, else to standard error, and so do the
 * other lines of the library while the worker runs. At most one line a second of each kind and agent is written, with the number of those
 * that it stands for.
 */
export function logWorker(worker: Loud, write: (line: string) => void = (line) => void process.stderr.write(line)): void {
  const lines = new LineRate(({ level, text }) => {
    if (hasSink()) LOG[level](text);
    else write(`${new Date().toISOString()} ${level} streamer.worker: ${printable(text)}\n`);
  });
  const add: Add = (kind, level, text) => lines.add(kind, level, text);
  logEvents(worker, add);
  logOutages(worker, add);
  const closeStandardError = logToStandardError();
  worker.stopped
    .catch((error: unknown) => add('failed', 'error', `the worker has ended: ${describeError(error)}`))
    .finally(() => {
      lines.close();
      closeStandardError();
    });
}

type Add = (kind: string, level: LogLevel, text: string) => void;

/** Single events that failed. */
function logEvents(worker: Loud, add: Add): void {
  worker.on('deadLetter', ({ error, agent = '', ...at }) =>
    add(`deadLetter ${agent}`, 'warning', `dead letter of ${placeOf(at, agent)}: ${describeError(error)}`),
  );
  worker.on('skipped', ({ error, agent, ...at }) =>
    add(`skipped ${agent}`, 'warning', `skipped ${placeOf(at, agent)}: ${describeError(error)}`),
  );
  worker.on('retry', ({ error, agent, attempt, delayMs, ...at }) =>
    add(
      `retry ${agent}`,
      'info',
      `attempt ${attempt} of ${placeOf(at, agent)} failed, next in ${duration(delayMs)}: ${describeError(error)}`,
    ),
  );
}

/** What holds up more than one event. Stalls, lost partitions and sources that fail are logged where they are noticed. */
function logOutages(worker: Loud, add: Add): void {
  worker.on('waiting', ({ agent, error }) => add(`waiting ${agent}`, 'warning', `agent "${agent}" waits: ${describeError(error)}`));
  worker.on('resumed', ({ agent, waitedMs }) => add(`resumed ${agent}`, 'info', `agent "${agent}" continues after ${duration(waitedMs)}`));
  worker.on('warning', ({ error }) => add(`warning ${error.code}`, 'warning', describeError(error)));
}

function placeOf({ topic, partition, offset }: EventPlace, agent: string): string {
  return `${topic}[${partition}]${offset === undefined ? '' : `@${offset}`}${agent === '' ? '' : ` (agent "${agent}")`}`;
}
