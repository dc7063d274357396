import { setTimeout as pause } from 'node:timers/promises';
import { metadata } from '../../wire/apis/admin.ts';
import { produce } from '../../wire/apis/data.ts';
import { ErrorCode, type ErrorName } from '../../wire/error-code.ts';
import type { Context, Handler } from '../handlers/handler.ts';
import { failedAnswer } from './failed-answer.ts';

/** A fault switch closes the connection. */
export class FaultDisconnect extends Error {
  override name = 'FaultDisconnect';
}

/** Any request or answer, by the names of its fields. */
type Message = { readonly [name: string]: unknown };

/** Carries a request out, unless a fault switch has other plans for it. @throws FaultDisconnect */
export async function carryOut(handler: Handler, request: Message, context: Context): Promise<Message | undefined> {
  const { api } = handler;
  const { clientId, cluster, signal } = context;
  const run = () => handler.handle(request, context);
  const fault = cluster.faults.inject({ api: api.name, clientId, request, topicName: (id) => cluster.topics.withId(id)?.name });
  if (fault === undefined) return run();
  if (fault.delayMs !== undefined) {
    await pause(fault.delayMs, undefined, { signal, ref: false }).catch(() => {});
    return signal.aborted ? undefined : run();
  }
  if (fault.error !== undefined) return refuse(handler, request, context, fault.error);
  if (fault.disconnect === 'after') await run();
  throw new FaultDisconnect(`a fault switch for ${api.name}`);
}

async function refuse(handler: Handler, request: Message, context: Context, error: ErrorName): Promise<Message> {
  const { api } = handler;
  // Kafka, too, has no other way to tell a failure to who wants no answer.
  if (api.key === produce.key && request['acks'] === 0) throw new FaultDisconnect(`a fault switch for ${api.name}`);
  const answer = failedAnswer(api, context.version, request, ErrorCode[error]);
  if (api.key !== metadata.key) return answer;
  // Topics may fail; without brokers in the answer a client would have nobody left to ask.
  return { ...(await handler.handle({ ...request, topics: [] }, context)), topics: answer['topics'] };
}
