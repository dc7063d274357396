export { count, duration, rate, table } from './format.ts';
export { configureLogging } from './logging.ts';
