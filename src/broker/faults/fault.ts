import { ConfigError } from '../../errors.ts';
import { aString, type ChecksOf, durationMs, oneOf, problemsIn, that, wholeNumber } from '../../options/index.ts';
import { ErrorCode, type ErrorName } from '../../wire/error-code.ts';

/** Which requests a fault affects. */
interface FaultTarget {
  /** Request type by its name in Kafka's protocol: `Produce`, `Fetch`, `JoinGroup`, ... */
  readonly api: string;
  /** Number of requests that it affects; `Infinity` until it is cleared. @default 1 */
  readonly times?: number;
  /** Only requests of the client with this id. @default of every client */
  readonly clientId?: string;
  /** Only requests that name this topic; the whole request is affected, with what it asks of other topics. @default all */
  readonly topic?: string;
}

/** What happens to them: exactly one of these. */
type FaultEffect =
  /** The request is not carried out; wherever its answer has room for an error code, this one stands. */
  | { readonly error: ErrorName; readonly delayMs?: never; readonly disconnect?: never }
  /** The request is carried out so much later, by the real clock; those behind it on its connection wait too. */
  | { readonly delayMs: number; readonly error?: never; readonly disconnect?: never }
  /**
   * The connection is closed without an answer: `before` the request is carried out, or `after`, so that the client does
   * not know that it was. `true` is `before`.
   */
  | { readonly disconnect: true | 'before' | 'after'; readonly error?: never; readonly delayMs?: never };

export type FaultOptions = FaultTarget & FaultEffect;

const EFFECTS = ['error', 'delayMs', 'disconnect'] as const;

/** @throws ConfigError that says what cannot be used */
export function checkFault(options: FaultOptions, apis: readonly string[]): void {
  const checks: ChecksOf<FaultOptions> = {
    api: oneOf(apis),
    times: that('a whole number of at least 1, or Infinity', (times) => times === Number.POSITIVE_INFINITY || wholeNumber(1).fits(times)),
    clientId: aString,
    topic: aString,
    error: that(
      "the name of an error in Kafka's protocol",
      (error) => typeof error === 'string' && Object.hasOwn(ErrorCode, error) && error !== 'NONE',
    ),
    delayMs: durationMs(0),
    disconnect: oneOf([true, 'before', 'after']),
  };
  const given = EFFECTS.filter((name) => options[name] !== undefined).length;
  const problems = problemsIn(options, checks, 'fault.');
  if (given !== 1) problems.push(`fault: expected one of ${EFFECTS.join(', ')}, got ${given} of them`);
  if (problems.length > 0) throw new ConfigError(problems);
}
