import type { Api, Request, Response } from '../../wire/api.ts';
import { ErrorCode, type ErrorNumber, Refusal } from '../../wire/error-code.ts';
import type { Fields } from '../../wire/field.ts';
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

/** `undefined` where the protocol has no answer (Produce with acks 0). */
type Answer<A extends Api> = Response<A> | undefined;

export interface Handler<A extends Api = Api> {
  readonly api: A;
  readonly handle: (request: Request<A>, context: Context) => Answer<A> | Promise<Answer<A>>;
}

/** Binds a table to what is done about its requests; the types of both come from the table. */
export function handler<Q extends Fields, S extends Fields>(api: Api<Q, S>, handle: Handler<Api<Q, S>>['handle']): Handler {
  return { api, handle } as unknown as Handler;
}

export interface Failure {
  readonly errorCode: ErrorNumber;
  readonly errorMessage: string | null;
}

export const SUCCESS: Failure = { errorCode: ErrorCode.NONE, errorMessage: null };

/** Kafka's error for what was thrown; anything but a refusal goes on as it is. */
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
