import type { RecordHeaders } from '../../kafka/index.ts';
import { type Encoded, headersOf } from '../../topics/index.ts';

/**
 * Questions to an agent travel as events with these headers; the agent's first output for the event goes back as JSON,
 * under the question's id. `agent`: who is asked. `to`: the topic for the reply.
 */
export const REPLY = {
  to: 'streamer.reply.to',
  id: 'streamer.reply.id',
  agent: 'streamer.reply.agent',
  /** On a reply: the event ended without output, for this reason. */
  error: 'streamer.reply.error',
} as const;

export function replyTopicOf(app: string): string {
  return `${app}.replies`;
}

export interface ReplyAddress {
  readonly topic: string;
  readonly id: string;
}

/** Returns the address for the reply to an event; undefined when it is not a question to this agent. */
export function replyAddress(headers: RecordHeaders, agent: string): ReplyAddress | undefined {
  const topic = headers[REPLY.to];
  if (topic === undefined || headers[REPLY.agent]?.toString() !== agent) return undefined;
  return { topic: topic.toString(), id: headers[REPLY.id]?.toString() ?? '' };
}

export function replyOf(id: string, output: unknown): Encoded {
  return encoded(id, Buffer.from(JSON.stringify(output) ?? 'null', 'utf8'));
}

export function refusalOf(id: string, reason: string): Encoded {
  return encoded(id, null, { [REPLY.error]: reason });
}

function encoded(id: string, value: Buffer | null, more: Record<string, string> = {}): Encoded {
  return {
    key: Buffer.from(id, 'utf8'),
    value,
    headers: headersOf({ [REPLY.id]: id, ...more }),
    timestamp: undefined,
    partition: undefined,
  };
}
