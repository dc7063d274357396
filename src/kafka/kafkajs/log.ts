import type { logCreator, logLevel } from 'kafkajs';
import { libraryLog } from '../../observe/index.ts';

export const log = libraryLog('kafkajs');

/** kafkajs's own numbers; its enum is not loaded here. */
const NOTHING = 0;
const INFO = 4;
const DEBUG = 5;

/**
 * Sends the client's log to LogTape as debugging output: what it calls errors are mostly attempts that it repeats, and
 * those that count reach our caller as a `KafkaError` anyway.
 */
export const createLog: logCreator = () => (entry) => {
  const { message, timestamp: _timestamp, logger: _logger, ...extra } = entry.log;
  const text = `${entry.namespace}: ${message}`;
  // Texts of others may hold braces, which would be taken for placeholders.
  if (entry.level === DEBUG) log.trace('{text}', { ...extra, text });
  else log.debug('{text}', { ...extra, text });
};

/** The client builds its debug lines for every request, so they are asked for only where somebody reads them. */
export function clientLogLevel(): logLevel {
  if (log.isEnabledFor('trace')) return DEBUG as logLevel;
  return (log.isEnabledFor('debug') ? INFO : NOTHING) as logLevel;
}
