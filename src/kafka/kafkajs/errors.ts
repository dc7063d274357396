import { type ErrorPlace, KafkaError, type KafkaReason } from '../../errors.ts';
import { errorName } from '../../wire/error-code.ts';
import { CLIENT_ERRORS, CODES, type CodeRule, isTlsCode, tlsRule } from './codes.ts';

/** What kafkajs's errors may carry. All optional: some lose their type on the way through its retries. */
interface Raw {
  readonly name?: string;
  readonly message?: string;
  readonly type?: string;
  readonly code?: number | string;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
  readonly groups?: ReadonlyArray<{ readonly error?: unknown }>;
}

const RETRY: CodeRule = { reason: 'retry' };

interface Reading {
  readonly rule: CodeRule;
  readonly kafkaCode: string | undefined;
  readonly message: string;
}

/**
 * Any error as a `KafkaError`; `doing` says what was tried, as a clause: `creating topic "a"`. One that is a `KafkaError`,
 * or that kafkajs wrapped around one of ours, comes back as it was thrown.
 */
export function toKafkaError(error: unknown, doing: string, place: ErrorPlace & { next?: string } = {}): KafkaError {
  const own = ownError(error);
  if (own !== undefined) return own;
  const { rule, kafkaCode, message } = read(error);
  const name = kafkaCode === undefined || message.includes(kafkaCode) ? '' : ` (${kafkaCode})`;
  return new KafkaError(rule.reason, `${doing}: ${message}${name}`, { next: rule.next, ...place, kafkaCode, cause: error });
}

/** Resolves as the work does; rejects with a `KafkaError` as `toKafkaError` makes it. */
export async function wrapped<T>(doing: string, work: () => Promise<T>, place: ErrorPlace & { next?: string } = {}): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toKafkaError(error, doing, place);
  }
}

/** A failure that a broker named in an answer, as in a produce response. */
export function codeError(kafkaCode: string, doing: string, place: ErrorPlace & { next?: string } = {}): KafkaError {
  const rule = CODES.get(kafkaCode) ?? RETRY;
  return new KafkaError(rule.reason, `${doing}: ${kafkaCode}`, { next: rule.next, ...place, kafkaCode });
}

export const reasonOf = (kafkaCode: string): KafkaReason => (CODES.get(kafkaCode) ?? RETRY).reason;

/** Kafka's name of the error, where a broker gave one. */
export const codeOf = (error: unknown): string | undefined => (ownError(error) ?? read(error)).kafkaCode;

const ownError = (error: unknown): KafkaError | undefined => causes(error).find((link) => link instanceof KafkaError);

function read(error: unknown): Reading {
  const chain = causes(error);
  for (const link of chain) {
    const kafkaCode = kafkaName(link);
    if (kafkaCode !== undefined) return { rule: CODES.get(kafkaCode) ?? RETRY, kafkaCode, message: text(link) };
  }
  const known = chain.find((link) => CLIENT_ERRORS.has(link.name ?? '') || isTlsCode(link.code));
  const tls = chain.find((link) => isTlsCode(link.code));
  const rule = tls !== undefined ? tlsRule(tls.code) : (CLIENT_ERRORS.get(known?.name ?? '') ?? RETRY);
  return { rule, kafkaCode: undefined, message: text(known ?? chain[0] ?? {}) };
}

/** The error and what it wraps, outermost first: a retry wrapper, an aggregate's members, a cause. */
function causes(error: unknown, depth = 0): Raw[] {
  if (typeof error !== 'object' || error === null || depth > 8) return depth === 0 ? [{ message: String(error) }] : [];
  const raw = error as Raw;
  const inner = [raw.cause, ...(raw.errors ?? []), ...(raw.groups ?? []).map((group) => group.error)];
  return [raw, ...inner.flatMap((cause) => causes(cause, depth + 1))];
}

function kafkaName(raw: Raw): string | undefined {
  if (typeof raw.type !== 'string') return undefined;
  if (raw.type !== 'KAFKAJS_UNKNOWN_ERROR_CODE') return raw.type;
  return errorName(Number(/\d+/.exec(raw.message ?? '')?.[0]));
}

const text = (raw: Raw): string => raw.message ?? raw.name ?? 'unknown error';
