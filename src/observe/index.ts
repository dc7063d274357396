export { bytes, count, duration, rate, table } from './format.ts';
export { configureLogging, type LogFormat, type LoggingOptions, type LogLevel } from './logging.ts';
