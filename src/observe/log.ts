import { getConfig, getLogger, type Logger } from '@logtape/logtape';
import { LineRate } from './line-rate.ts';
import { plainValue } from './logging.ts';
import { printableLines } from './printable.ts';

// A library must not configure LogTape: the program may want to do that later, and could not any more. But a program that has not
// configured it, or has only for loggers of its own, would hear of nothing. So lines that have no sink go to standard error while an app
// runs that logs by default.

type Level = 'info' | 'warning' | 'error';
type Properties = Record<string, unknown>;
type Write = (line: string) => void;

/** What the library's own code logs with: LogTape, or standard error where LogTape has no sink for it. */
export type Log = Pick<Logger, 'trace' | 'debug' | 'isEnabledFor'> &
  Readonly<Record<Level, (message: string, properties: Properties) => void>>;

const CATEGORY = 'streamer';
const toStandardError: Write = (line) => void process.stderr.write(line);
/** Apps that run and log by default. */
let users = 0;
/** At most one line a second of each kind. */
const lines = new LineRate(({ level, text }) => toStandardError(`${new Date().toISOString()} ${level} ${text}\n`));

/** @param room the category below `streamer`, as `worker` or `source.postgres` */
export function libraryLog(room: string): Log {
  const logger = getLogger([CATEGORY, ...room.split('.')]);
  const at = (level: Level) => (message: string, properties: Properties) => {
    if (users === 0 || hasSink()) return logger[level](message, properties);
    const kind = JSON.stringify([room, message, properties['source'], properties['agent']]);
    lines.add(kind, level, `${CATEGORY}.${room}: ${printableLines(filled(message, properties))}`);
  };
  return {
    trace: logger.trace.bind(logger),
    debug: logger.debug.bind(logger),
    isEnabledFor: logger.isEnabledFor.bind(logger),
    info: at('info'),
    warning: at('warning'),
    error: at('error'),
  };
}

/** Lines without a sink go to standard error until the returned function is called. */
export function logToStandardError(): () => void {
  users++;
  let isOpen = true;
  return () => {
    if (isOpen) users--;
    isOpen = false;
    if (users === 0) lines.close();
  };
}

/**
 * Returns true if the program has configured LogTape for the library: a sink for a category that ours is part of, or any setting that names
 * ours, which may be to log nothing.
 */
export function hasSink(): boolean {
  const loggers = getConfig()?.loggers ?? [];
  return loggers.some(({ category, sinks = [] }) => {
    const [first] = [category].flat();
    return first === CATEGORY || (first === undefined && sinks.length > 0);
  });
}

/** The message with its placeholders filled in, once: values may hold braces. */
function filled(message: string, properties: Properties): string {
  return message.replace(/\{(\w+)\}/g, (placeholder, name) =>
    Object.hasOwn(properties, name) ? plainValue(properties[name]) : placeholder,
  );
}
