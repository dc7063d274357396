export type { Counter } from './counter.ts';
export { codeLabel } from './error-code.ts';
export { count, duration, rate } from './format.ts';
export type { Histogram, Summary } from './histogram.ts';
export { LineRate } from './line-rate.ts';
export { hasSink, libraryLog, logToStandardError } from './log.ts';
export { configureLogging, type LogLevel } from './logging.ts';
export { printable } from './printable.ts';
export { Telemetry } from './telemetry.ts';
