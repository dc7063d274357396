export { aPolicy, deadLetter, type Failure, type FailurePolicy, type OpenPolicy, skip, stop, type Verdict } from './policy.ts';
export { defaultPolicy, type RetryOptions, retry } from './retry.ts';
export { outageDelay, type WaitForOptions, waitFor } from './wait-for.ts';
export { type ErrorKind, when } from './when.ts';
