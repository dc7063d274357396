import { ConfigError } from '../../errors.ts';
import { ErrorCode, type ErrorName } from '../../wire/error-code.ts';

/** Which requests a fault strikes. */
interface FaultTarget {
  /** Request type by its name in Kafka's protocol: `Produce`, `Fetch`, `JoinGroup`, ... */
  readonly api: string;
  /** How many requests it strikes; `Infinity` until it is cleared. @default 1 */
  readonly times?: number;
  /** Only requests of the client with this id. @default of every client */
  readonly clientId?: string;
  /** Only requests that name this topic; they are struck whole, with what they ask of other topics. @default all */
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

const KNOWN: readonly string[] = ['api', 'times', 'clientId', 'topic', 'error', 'delayMs', 'disconnect'];

/** @throws ConfigError that says what cannot be used */
export function checkFault(options: FaultOptions, apis: readonly string[]): void {
  const { api, times = 1, clientId, topic } = options;
  const unknown = Object.keys(options).filter((name) => !KNOWN.includes(name));
  const problems = unknown.map((name) => `fault.${name}: there is no such option; expected ${KNOWN.join(', ')}`);
  if (!apis.includes(api)) problems.push(`fault.api: there is no request ${JSON.stringify(api)}; expected one of ${apis.join(', ')}`);
  if (times !== Number.POSITIVE_INFINITY && !(Number.isInteger(times) && times >= 1))
    problems.push(`fault.times: expected a whole number from 1 on, or Infinity, got ${times}`);
  for (const [name, value] of Object.entries({ clientId, topic }))
    if (value !== undefined && typeof value !== 'string') problems.push(`fault.${name}: expected a name, got ${JSON.stringify(value)}`);
  problems.push(...problemsOfEffect(options));
  if (problems.length > 0) throw new ConfigError(problems);
}

function problemsOfEffect({ error, delayMs, disconnect }: FaultEffect): string[] {
  const given = [error, delayMs, disconnect].filter((effect) => effect !== undefined).length;
  const problems: string[] = [];
  if (given !== 1) problems.push(`fault: expected one of error, delayMs and disconnect, got ${given} of them`);
  if (error !== undefined && (!Object.hasOwn(ErrorCode, error) || error === 'NONE'))
    problems.push(`fault.error: expected the name of an error in Kafka's protocol, got ${JSON.stringify(error)}`);
  if (delayMs !== undefined && !(Number.isFinite(delayMs) && delayMs >= 0 && delayMs < 2 ** 31))
    problems.push(`fault.delayMs: expected milliseconds from 0 on, got ${delayMs}`);
  if (disconnect !== undefined && ![true, 'before', 'after'].includes(disconnect))
    problems.push(`fault.disconnect: expected true, before or after, got ${JSON.stringify(disconnect)}`);
  return problems;
}
