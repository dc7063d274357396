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

type Answer = object | undefined;

/** Carries a request out, unless a fault switch has other plans for it. @throws FaultDisconnect */
export async function carryOut({ api, handle }: Handler, request: object, context: Context): Promise<Answer> {
  const { clientId, cluster, signal } = context;
  const run = (): Answer | Promise<Answer> => handle(request as never, context) as Answer | Promise<Answer>;
  const fault = cluster.faults.strike({ api: api.name, clientId, request });
  if (fault === undefined) return run();
  if (fault.delayMs !== undefined) {
    await pause(fault.delayMs, undefined, { signal, ref: false }).catch(() => {});
    return signal.aborted ? undefined : run();
  }
  if (fault.error !== undefined) return refuse({ api, handle }, request, context, fault.error);
  if (fault.disconnect === 'after') await run();
  throw new FaultDisconnect(`a fault switch for ${api.name}`);
}

async function refuse({ api, handle }: Handler, request: object, context: Context, error: ErrorName): Promise<Answer> {
  // Kafka, too, has no other way to tell a failure to who wants no answer.
  if (api.key === produce.key && (request as { acks: number }).acks === 0) throw new FaultDisconnect(`a fault switch for ${api.name}`);
  const answer = failedAnswer(api, context.version, request, ErrorCode[error]);
  if (api.key !== metadata.key) return answer;
  // Topics may fail; without brokers in the answer a client would have nobody left to ask.
  return { ...((await handle({ ...request, topics: [] } as never, context)) as object), topics: answer.topics };
}
