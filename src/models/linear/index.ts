export { type LinearOptions, linear } from './linear.ts';
export type { LinearLink } from './linear-file.ts';
