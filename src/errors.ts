/**
 * Errors say what, where and what to do next, and are recognised by a brand, not by constructor, so that two copies
 * of the package in one process understand each other.
 */

const BRAND = Symbol.for('streamerjs.error');

/** Where an error happened. All fields are optional; those present are printed in the message. */
export interface ErrorPlace {
  readonly agent?: string | undefined;
  readonly topic?: string | undefined;
  readonly partition?: number | undefined;
  readonly offset?: number | undefined;
}

export interface ErrorOptions extends ErrorPlace {
  readonly cause?: unknown;
  /** May the same action succeed later without anybody changing anything? @default false */
  readonly retryable?: boolean | undefined;
  /** What the reader of the message should do next. */
  readonly next?: string | undefined;
}

/**
 * Codes that a caller can act on.
 *
 * - `CONFIG`: the program or its settings are wrong; nothing was started.
 * - `DECODE`, `VALIDATION`: bytes or a value do not fit the topic's serde.
 * - `UNAVAILABLE`: something outside (model, broker, database) cannot be reached; it is waited for.
 * - `REFUSED`: something outside answered no, and will again.
 * - `KAFKA`: the broker or the client failed; see `KafkaError.reason`.
 * - `TIMEOUT`: a handler took longer than its `timeoutMs`.
 * - `LOST`: the partition was taken away while the work was under way.
 * - `ANSWER`: a model answered something that does not fit the question.
 * - `UNKNOWN_AGENT`: a dead letter was replayed to an agent that does not exist.
 * - `USAGE`: the library was used in a way that cannot work.
 */
export type ErrorCode =
  | 'CONFIG'
  | 'DECODE'
  | 'VALIDATION'
  | 'UNAVAILABLE'
  | 'REFUSED'
  | 'KAFKA'
  | 'TIMEOUT'
  | 'LOST'
  | 'ANSWER'
  | 'UNKNOWN_AGENT'
  | 'USAGE';

export class StreamerError extends Error {
  override name = 'StreamerError';
  readonly [BRAND] = true;
  readonly code: ErrorCode;
  readonly place: ErrorPlace;
  readonly retryable: boolean;
  readonly next: string | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    const { agent, topic, partition, offset } = options;
    this.code = code;
    this.place = { agent, topic, partition, offset };
    this.retryable = options.retryable ?? false;
    this.next = options.next;
  }
}

/** The program or its settings are wrong. `problems` lists all of them together. */
export class ConfigError extends StreamerError {
  override name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: string | readonly string[], options: ErrorOptions = {}) {
    const list = typeof problems === 'string' ? [problems] : problems;
    super('CONFIG', list.length === 1 ? String(list[0]) : `${list.length} problems:\n  - ${list.join('\n  - ')}`, options);
    this.problems = list;
  }
}

/**
 * What the runtime does about a Kafka error.
 *
 * - `retry`: the same request may succeed later.
 * - `stale`: the member or its generation is no longer current; the work belongs to somebody else now.
 * - `refused`: this record or request will never be accepted (too large, invalid, unauthorised, unknown topic).
 * - `fatal`: the client cannot go on.
 */
export type KafkaReason = 'retry' | 'stale' | 'refused' | 'fatal';

export class KafkaError extends StreamerError {
  override name = 'KafkaError';
  readonly reason: KafkaReason;
  /** Kafka's own name of the error, as `MESSAGE_TOO_LARGE`, where the broker gave one. */
  readonly kafkaCode: string | undefined;

  constructor(reason: KafkaReason, message: string, options: ErrorOptions & { kafkaCode?: string | undefined } = {}) {
    super('KAFKA', message, { ...options, retryable: options.retryable ?? reason === 'retry' });
    this.reason = reason;
    this.kafkaCode = options.kafkaCode;
  }
}

/** Returns a property of any value; undefined where there is none, or where reading it throws, as getters and proxies may. */
export function propertyOf(value: unknown, name: string | symbol): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  try {
    return Reflect.get(value, name);
  } catch {
    return undefined;
  }
}

/** Returns the message of an error, or the text of anything else that was thrown. Never throws itself. */
export function messageOf(error: unknown): string {
  const message = propertyOf(error, 'message');
  if (typeof message === 'string') return message;
  if (typeof error !== 'object' || error === null) return String(error);
  try {
    return JSON.stringify(message ?? error).slice(0, 500);
  } catch {
    return 'a value that cannot be shown';
  }
}

/** Returns an error of ours as it is, and any other as a retryable `KafkaError` that it caused. */
export function asStreamerError(cause: unknown, doing?: string, place: ErrorPlace = {}): StreamerError {
  return isStreamerError(cause) ? cause : asKafkaError(cause, doing, place);
}

/** Returns a `KafkaError` as it is, and any other error as a retryable one that it caused. */
export function asKafkaError(cause: unknown, doing?: string, place: ErrorPlace = {}): KafkaError {
  if (cause instanceof KafkaError) return cause;
  const message = messageOf(cause);
  return new KafkaError('retry', doing === undefined ? message : `${doing}: ${message}`, { ...place, cause });
}

/** Name, message and stack of anything that was thrown, as strings. Reading them never throws, whatever the error's getters do. */
export interface ErrorText {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

export function errorText(error: unknown): ErrorText {
  const [name, stack] = [propertyOf(error, 'name'), propertyOf(error, 'stack')];
  return { name: typeof name === 'string' ? name : 'Error', message: messageOf(error), stack: typeof stack === 'string' ? stack : '' };
}

export function isStreamerError(error: unknown): error is StreamerError {
  return propertyOf(error, BRAND) === true;
}

function isKafkaError(error: StreamerError): error is KafkaError {
  return error.code === 'KAFKA';
}

const FOR_THE_OPERATOR = new Set(['TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED', 'UNKNOWN_TOPIC_OR_PARTITION']);

/**
 * Returns true if only an operator can remove the cause: a missing right, a topic that does not exist, or a client that cannot go
 * on (a refused login or certificate, a broker too old). It is not the event's fault, so the event is neither retried nor
 * dead-lettered: the worker ends.
 */
export function needsOperator(error: unknown): boolean {
  return isStreamerError(error) && isKafkaError(error) && (error.reason === 'fatal' || FOR_THE_OPERATOR.has(error.kafkaCode ?? ''));
}

/** `Agent "predict" failed on customer_pred[1]@42: ...`, with the advice on a line of its own. */
export function describeError(error: unknown): string {
  const { name, message } = errorText(error);
  if (!isStreamerError(error)) return typeof error === 'object' && error !== null ? `${name}: ${message}` : message;
  const { agent, topic, partition, offset } = error.place;
  const where =
    topic === undefined ? '' : `${topic}${partition === undefined ? '' : `[${partition}]`}${offset === undefined ? '' : `@${offset}`}`;
  const head = agent === undefined ? where && `${where}: ` : `Agent "${agent}" failed${where && ` on ${where}`}: `;
  return `${head}${message}${error.next === undefined ? '' : `\n  ${error.next}`}`;
}
