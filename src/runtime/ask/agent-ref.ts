import { randomUUID } from 'node:crypto';
import type { Agent } from '../../agents/index.ts';
import { StreamerError } from '../../errors.ts';
import { anything, type ChecksOf, checkOptions, durationMs } from '../../options/index.ts';
import { bounded, deadline } from '../../timing/index.ts';
import { anAbortSignal, type Encoded, type HeadersInput, type SendOptions, type SendResult, Topic } from '../../topics/index.ts';
import type { ReplyClient } from './reply-client.ts';

export interface AskOptions<KIn> extends SendOptions {
  /** @default a random one, where the topic's keys are text; none where they are optional */
  readonly key?: KIn | undefined;
  /**
   * Longest wait for the answer. It holds in every state: also while no broker answers, and before the first connection.
   *
   * @default 30_000
   */
  readonly timeoutMs?: number | undefined;
}

const ASK: ChecksOf<AskOptions<unknown>> = { key: anything, timeoutMs: durationMs(1), signal: anAbortSignal };

/** An agent that was declared. Questions and messages go through its (first) source topic. */
export interface AgentRef<KIn, VIn, Output> {
  readonly name: string;
  /**
   * Sends a value and waits for the agent's first output for it, through Kafka: any worker may answer. The question is sent at
   * once, also inside an agent: it is not an output of the event in flight.
   *
   * @throws StreamerError `TIMEOUT` when no answer comes in time; `ANSWER` when the event ends without output; the signal's reason
   */
  ask(value: VIn, options?: AskOptions<KIn>): Promise<Output>;
  /** Sends a value without waiting for a reply. Inside an agent it is an output of the event in flight. */
  cast(value: VIn, options?: AskOptions<KIn>): Promise<SendResult>;
}

/** The topic that an agent reads, types erased. */
interface AskedTopic {
  readonly name: string;
  encode(message: { readonly key: unknown; readonly value: unknown; readonly headers?: HeadersInput }): Encoded | Promise<Encoded>;
}

type Send = (topic: AskedTopic, encode: () => Encoded | Promise<Encoded>, limits: SendOptions) => Promise<SendResult>;

/** What questions and messages to an agent go through. */
export interface AskHost {
  /** Connected on first use. */
  readonly replies: () => Promise<ReplyClient>;
  /** As an output of the event in flight, if there is one. */
  readonly send: Send;
  /** Outside of events: an event may wait for the answer. */
  readonly sendOutside: Send;
}

export function agentRef<KIn, VIn, Output>(agent: Agent, host: AskHost): AgentRef<KIn, VIn, Output> {
  const { name } = agent;
  return {
    name,
    ask: async (value, options = {}) => {
      checkOptions<AskOptions<unknown>>(`ask of agent "${name}"`, options, ASK);
      const topic = topicToAsk(agent);
      const { key, timeoutMs = 30_000 } = options;
      const late = () =>
        new StreamerError('TIMEOUT', `agent "${name}" did not answer within ${timeoutMs} ms`, { agent: name, retryable: true });
      const limit = deadline(options.signal, timeoutMs, late);
      const { signal } = limit;
      const send = (id: string, headers: Readonly<Record<string, string>>) =>
        host.sendOutside(topic, () => topic.encode({ key: key ?? defaultKey(agent, id), value, headers }), { signal });
      const answer = host.replies().then((replies) => replies.ask(name, signal, send));
      return (await bounded(answer, limit)) as Output;
    },
    cast: async (value, options = {}) => {
      checkOptions<AskOptions<unknown>>(`cast to agent "${name}"`, options, ASK);
      const { key, ...limits } = options;
      const topic = topicToAsk(agent);
      return host.send(topic, () => topic.encode({ key: key ?? defaultKey(agent, randomUUID()), value }), limits);
    },
  };
}

function topicToAsk({ name, sources: [source] }: Agent): AskedTopic {
  if (source instanceof Topic) return source;
  throw new StreamerError('USAGE', `agent "${name}" reads a pattern: send to one of its topics instead`);
}

/** The key of a message without one: a random text where the topic's keys are text, else none, which optional keys allow. */
function defaultKey({ sources: [source] }: Agent, id: string): string | null {
  return source?.serdes.key.name === 'string' ? id : null;
}
