export { type ChecksOf, checkOptions, checkValue, refuse } from './check-options.ts';
export {
  aFunction,
  anything,
  aString,
  type Check,
  durationMs,
  fields,
  MAX_TIMER_MS,
  nonEmptyString,
  numberFrom,
  oneOf,
  positiveNumber,
  problemsIn,
  sentence,
  that,
  truth,
  wholeNumber,
} from './checks.ts';
export { preview } from './preview.ts';
export { withoutLogin } from './without-login.ts';
