export { count, duration, rate } from './format.ts';
export { configureLogging } from './logging.ts';
