import type { Api } from '../../wire/api.ts';
import { ErrorCode, type ErrorNumber, Refusal } from '../../wire/error-code.ts';
import type { Decoded, Draft, Fields } from '../../wire/field.ts';
import type { Cluster, Node } from '../cluster.ts';

/** What a handler knows besides the request. */
export interface Context {
  readonly cluster: Cluster;
  /** The node that was asked. */
  readonly node: Node;
  readonly version: number;
  readonly clientId: string;
  /** `/address`, as Kafka writes it in group descriptions. */
  readonly clientHost: string;
  /** Aborted when the connection ends, so that nothing waits on its behalf. */
  readonly signal: AbortSignal;
}

/** A request type as this broker serves it: what stands in a handler's head. */
export interface Served<Q extends Fields = Fields, S extends Fields = Fields> {
  readonly api: Api<Q, S>;
  /** First and last version, both inclusive. */
  readonly versions: readonly [first: number, last: number];
  /** What a client may miss, or meet earlier than with Apache Kafka. For docs/broker-protocol.md. */
  readonly limits: readonly string[];
}

/** `undefined` where the protocol has no answer (Produce with acks 0). */
export type Answer<S extends Fields> = Draft<S> | undefined;

/** Declared as a method, so that a handler of one table stands in the list of all: dispatch decodes by the same table. */
export interface Handler<Q extends Fields = Fields, S extends Fields = Fields> extends Served<Q, S> {
  handle(request: Decoded<Q>, context: Context): Answer<S> | Promise<Answer<S>>;
}

/** @throws RangeError when the table does not have all of the versions */
export function serve<Q extends Fields, S extends Fields>(
  api: Api<Q, S>,
  versions: readonly [first: number, last: number],
  limits: readonly string[] = [],
): Served<Q, S> {
  if (versions[0] < api.versions[0] || versions[1] > api.versions[1])
    throw new RangeError(`${api.name} is written down for versions ${api.versions.join(' to ')} alone`);
  return { api, versions, limits };
}

/** Binds a request type to what is done about it; the types of request and answer come from the table. */
export function handler<Q extends Fields, S extends Fields>(served: Served<Q, S>, handle: Handler<Q, S>['handle']): Handler<Q, S> {
  return { ...served, handle };
}

export interface Failure {
  readonly errorCode: ErrorNumber;
  readonly errorMessage: string | null;
}

export const SUCCESS: Failure = { errorCode: ErrorCode.NONE, errorMessage: null };

/** Returns Kafka's error for a refusal; throws any other error again. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Refusal) return { errorCode: error.errorCode, errorMessage: error.message };
  throw error;
}

/** Runs `action` for its effect, and waits until that is as durable as the storage promises. */
export async function durableOutcome({ journal }: Cluster, action: () => void): Promise<Failure> {
  try {
    action();
    await journal.flushed();
    return SUCCESS;
  } catch (error) {
    return failureOf(error);
  }
}

/** Runs `action` for its effect. */
export function outcomeOf(action: () => void): Failure {
  try {
    action();
    return SUCCESS;
  } catch (error) {
    return failureOf(error);
  }
}
