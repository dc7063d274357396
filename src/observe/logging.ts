import { configureSync, type LogRecord } from '@logtape/logtape';
import { describeError } from '../errors.ts';

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';
/** `pretty`: short and coloured, for a terminal. `plain`: one line with the time in UTC. `json`: one object a line. */
export type LogFormat = 'pretty' | 'plain' | 'json';

export interface LoggingOptions {
  /** Least serious messages to be written. */
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Receives whole lines. */
  readonly write: (line: string) => void;
}

/**
 * Sends what the library logs (category `streamer`) to one place. A program's own concern: the library writes nothing
 * unless somebody has configured LogTape.
 */
export function configureLogging(options: LoggingOptions): void {
  const format = formats[options.format];
  configureSync({
    reset: true,
    sinks: { lines: (record) => options.write(`${format(record)}\n`) },
    loggers: [
      { category: ['streamer'], lowestLevel: options.level, sinks: ['lines'] },
      { category: ['logtape', 'meta'], lowestLevel: 'error', sinks: ['lines'] },
    ],
  });
}

const COLOURS: Readonly<Record<string, string>> = {
  debug: '\x1b[2m',
  info: '\x1b[36m',
  warning: '\x1b[33m',
  error: '\x1b[31m',
  fatal: '\x1b[31m',
};

const formats: Readonly<Record<LogFormat, (record: LogRecord) => string>> = {
  pretty(record) {
    const time = new Date(record.timestamp).toISOString().slice(11, 23);
    return `\x1b[2m${time}\x1b[0m ${COLOURS[record.level] ?? ''}${record.level.padEnd(7)}\x1b[0m ${nameOf(record)}: ${textOf(record)}`;
  },
  plain(record) {
    return `${new Date(record.timestamp).toISOString()} ${record.level} ${nameOf(record)}: ${textOf(record)}`;
  },
  json(record) {
    const { timestamp, level, properties } = record;
    const fields = Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, jsonValue(value)]));
    return JSON.stringify({ time: new Date(timestamp).toISOString(), level, logger: nameOf(record), message: textOf(record), ...fields });
  },
};

function nameOf(record: LogRecord): string {
  return record.category.join('.');
}

/** The message with its placeholders filled in: literal parts and values come in turn. */
function textOf(record: LogRecord): string {
  return record.message.map((part, index) => (index % 2 === 0 || typeof part === 'string' ? part : plainValue(part))).join('');
}

function plainValue(value: unknown): string {
  if (value instanceof Error) return describeError(value);
  return typeof value === 'object' && value !== null ? JSON.stringify(value, (_, nested) => jsonValue(nested)) : String(value);
}

function jsonValue(value: unknown): unknown {
  if (value instanceof Error) return describeError(value);
  return typeof value === 'bigint' ? String(value) : value;
}
