import { randomUUID } from 'node:crypto';
import type { Agent } from '../../agents/index.ts';
import { StreamerError } from '../../errors.ts';
import { anything, type ChecksOf, checkOptions, durationMs } from '../../options/index.ts';
import { bounded, deadline } from '../../timing/index.ts';
import { type AnyTopic, anAbortSignal, type SendOptions, type SendResult, Topic } from '../../topics/index.ts';
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
   * Sends a value and waits for the agent's first output for it, through Kafka: any worker may answer.
   *
   * @throws StreamerError `TIMEOUT` when no answer comes in time; `ANSWER` when the event ends without output; the signal's reason
   */
  ask(value: VIn, options?: AskOptions<KIn>): Promise<Output>;
  /** Sends a value without waiting for a reply. */
  cast(value: VIn, options?: AskOptions<KIn>): Promise<SendResult>;
}

/** @param connect gives what carries questions and answers, connected on first use */
export function agentRef<KIn, VIn, Output>(agent: Agent, connect: () => Promise<ReplyClient>): AgentRef<KIn, VIn, Output> {
  const { name } = agent;
  const send = (value: VIn, key: KIn | undefined, id: string, headers: Readonly<Record<string, string>>, options: SendOptions) =>
    topicToAsk(agent).send({ key: key ?? defaultKey(agent, id), value, headers } as never, options);
  return {
    name,
    ask: async (value, options = {}) => {
      checkOptions<AskOptions<unknown>>(`ask of agent "${name}"`, options, ASK);
      topicToAsk(agent);
      const { key, timeoutMs = 30_000 } = options;
      const late = () =>
        new StreamerError('TIMEOUT', `agent "${name}" did not answer within ${timeoutMs} ms`, { agent: name, retryable: true });
      const limit = deadline(options.signal, timeoutMs, late);
      const { signal } = limit;
      const answer = connect().then((replies) => replies.ask(name, signal, (id, headers) => send(value, key, id, headers, { signal })));
      return (await bounded(answer, limit)) as Output;
    },
    cast: async (value, options = {}) => {
      checkOptions<AskOptions<unknown>>(`cast to agent "${name}"`, options, ASK);
      const { key, ...limits } = options;
      return send(value, key, randomUUID(), {}, limits);
    },
  };
}

function topicToAsk(agent: Agent): AnyTopic {
  const [source] = agent.sources;
  if (!(source instanceof Topic))
    throw new StreamerError('USAGE', `agent "${agent.name}" reads a pattern: send to one of its topics instead`);
  return source as AnyTopic;
}

/** The key of a message without one: a random text where the topic's keys are text, else none, which optional keys allow. */
function defaultKey(agent: Agent, id: string): string | null {
  return topicToAsk(agent).serdes.key.name === 'string' ? id : null;
}
