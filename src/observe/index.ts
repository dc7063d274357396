export type { Counter } from './counter.ts';
export { codeLabel } from './error-code.ts';
export { count, duration, rate, table } from './format.ts';
export type { Histogram, Summary } from './histogram.ts';
export { configureLogging, type LogLevel } from './logging.ts';
export { METRICS, type MetricDeclaration } from './metrics.ts';
export { printable, printableLines, printableText } from './printable.ts';
export { Telemetry } from './telemetry.ts';
