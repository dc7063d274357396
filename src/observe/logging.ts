import { configureSync, type LogRecord } from '@logtape/logtape';
import { describeError } from '../errors.ts';
import { printableLines } from './printable.ts';

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';
/** `pretty`: short and coloured, for a terminal. `plain`: one line with the time in UTC. `json`: one object a line. */
export type LogFormat = 'pretty' | 'plain' | 'json';

export interface LoggingOptions {
  /** Lowest level that is written. */
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Called with whole lines. */
  readonly write: (line: string) => void;
}

/**
 * Writes the library's log (category `streamer`) to one place. For programs: the library itself writes nothing unless LogTape
 * is configured.
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
    return `\x1b[2m${time}\x1b[0m ${COLOURS[record.level] ?? ''}${record.level.padEnd(7)}\x1b[0m ${nameOf(record)}: ${printableLines(textOf(record))}`;
  },
  plain(record) {
    return `${new Date(record.timestamp).toISOString()} ${record.level} ${nameOf(record)}: ${printableLines(textOf(record))}`;
  },
  json(record) {
    const { timestamp, level, properties } = record;
    const fields = Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, jsonField(value)]));
    return JSON.stringify({ time: new Date(timestamp).toISOString(), level, logger: nameOf(record), message: textOf(record), ...fields });
  },
};

function nameOf(record: LogRecord): string {
  return record.category.join('.');
}

/** Returns the message with its placeholders filled in: literal parts and values alternate. */
function textOf(record: LogRecord): string {
  return record.message.map((part, index) => (index % 2 === 0 || typeof part === 'string' ? part : plainValue(part))).join('');
}

/** Never throws: a value may hold itself, or be an error that throws when it is read. */
export function plainValue(value: unknown): string {
  try {
    if (value instanceof Error) return describeError(value);
    return typeof value === 'object' && value !== null ? JSON.stringify(value, (_, nested) => jsonValue(nested)) : String(value);
  } catch {
    return describeError(value);
  }
}

/** The value, where JSON can hold it, else a text. */
function jsonField(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return jsonValue(value);
  const text = plainValue(value);
  try {
    return value instanceof Error ? text : JSON.parse(text);
  } catch {
    return text;
  }
}

function jsonValue(value: unknown): unknown {
  if (value instanceof Error) return describeError(value);
  return typeof value === 'bigint' ? String(value) : value;
}
