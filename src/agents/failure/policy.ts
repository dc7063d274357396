import { type Check, checkValue, nonEmptyString, that } from '../../options/index.ts';

/** What happens to an event after a failed attempt. */
export type Verdict =
  /** Another attempt follows, and none is counted: something outside cannot be reached. */
  | { readonly action: 'wait'; readonly delayMs: number }
  | { readonly action: 'retry'; readonly delayMs: number }
  | { readonly action: 'deadLetter'; readonly topic: string | undefined }
  | { readonly action: 'skip' }
  | { readonly action: 'stop' };

export interface Failure {
  readonly error: unknown;
  /** Number of attempts, this one included. */
  readonly attempt: number;
  /** True when another attempt may help; false for values that a schema refuses and for errors that are declared final. */
  readonly retryable: boolean;
  /** True when the error looks like an outage (`isUnavailable`), or the policy was chosen for it by `when`. @default false */
  readonly isOutage?: boolean | undefined;
  /** Number of times that the event has waited for something outside. @default 0 */
  readonly waits?: number | undefined;
  /** Milliseconds since the first of these waits began. @default 0 */
  readonly waitedMs?: number | undefined;
}

/** Decides about an event whose handler failed. A value, per agent: `onError: retry({ attempts: 5 }).otherwise(deadLetter())`. */
export interface FailurePolicy {
  /** For tables and logs, as `retry 5, then dead letter`. */
  readonly description: string;
  decide(failure: Failure): Verdict;
  /**
   * Returns the verdict of a policy that names the error itself, as `when` and `waitFor` do; undefined when it does not name it. Only such a
   * verdict counts for an error that looks like an outage: any other event waits.
   */
  explicit?(failure: Failure): Verdict | undefined;
}

/** Ends the worker with a clear message; the event stays unfinished and comes again at the next start. */
export function stop(): FailurePolicy {
  return { description: 'stop', decide: () => ({ action: 'stop' }) };
}

/** Counts the event as finished. It is counted in `worker.stats()`, emitted as `skipped`, and logged. */
export function skip(): FailurePolicy {
  return { description: 'skip', decide: () => ({ action: 'skip' }) };
}

/**
 * Sends the raw record, with its origin and the error in headers, to a dead-letter topic.
 *
 * @param topic name of an existing topic. @default `<topic>.<app>.dlq`, created with the app's topics
 */
export function deadLetter(topic?: string | { readonly name: string }): FailurePolicy {
  const name = typeof topic === 'object' ? topic?.name : topic;
  const isTopic = topic === undefined || nonEmptyString.fits(name);
  checkValue(
    'deadLetter',
    that('a topic, or the name of one', () => isTopic),
    topic,
  );
  return {
    description: name === undefined ? 'dead letter' : `dead letter to ${name}`,
    decide: () => ({ action: 'deadLetter', topic: name }),
  };
}

export interface OpenPolicy extends FailurePolicy {
  /** Adds the policy that follows: when the attempts or the time are used up or cannot help; for `when`, for all other errors. */
  otherwise(policy: FailurePolicy): FailurePolicy;
}

/** Anything that decides. */
export const aPolicy: Check = that(
  'a failure policy, as retry({ attempts: 5 })',
  (value) => typeof value === 'object' && value !== null && 'decide' in value && typeof value.decide === 'function',
);
