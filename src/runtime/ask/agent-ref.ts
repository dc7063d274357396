import { randomUUID } from 'node:crypto';
import type { Agent } from '../../agents/index.ts';
import { StreamerError } from '../../errors.ts';
import { type AnyTopic, type SendResult, Topic } from '../../topics/index.ts';
import type { ReplyClient } from './reply-client.ts';

export interface AskOptions<KIn> {
  /** @default a random one, where the topic's keys are text; none where they are optional */
  readonly key?: KIn | undefined;
  /** @default 30_000 */
  readonly timeoutMs?: number | undefined;
}

/** An agent that was declared. Questions and messages go through its (first) source topic. */
export interface AgentRef<KIn, VIn, Output> {
  readonly name: string;
  /**
   * Sends a value and waits for the agent's first output for it, through Kafka: any worker may answer.
   *
   * @throws StreamerError `TIMEOUT` when no answer comes in time; `ANSWER` when the event ends without output
   */
  ask(value: VIn, options?: AskOptions<KIn>): Promise<Output>;
  /** Sends a value; no reply is wanted. */
  cast(value: VIn, options?: Pick<AskOptions<KIn>, 'key'>): Promise<SendResult>;
}

/** @param connect gives what carries questions and answers, connected on first use */
export function agentRef<KIn, VIn, Output>(agent: Agent, connect: () => Promise<ReplyClient>): AgentRef<KIn, VIn, Output> {
  const { name } = agent;
  return {
    name,
    ask: async (value, { key, timeoutMs = 30_000 } = {}) => {
      const topic = topicToAsk(agent);
      const asker = await connect();
      const send = (id: string, headers: Readonly<Record<string, string>>) =>
        topic.send({ key: key ?? defaultKey(agent, id), value, headers } as never);
      return (await asker.ask(name, timeoutMs, send)) as Output;
    },
    cast: (value, { key } = {}) => topicToAsk(agent).send({ key: key ?? defaultKey(agent, randomUUID()), value } as never),
  };
}

function topicToAsk(agent: Agent): AnyTopic {
  const [source] = agent.sources;
  if (!(source instanceof Topic))
    throw new StreamerError('USAGE', `agent "${agent.name}" reads a pattern: send to one of its topics instead`);
  return source as AnyTopic;
}

/** A key for those who give none: text where the topic's keys are text, else none, which optional keys allow. */
function defaultKey(agent: Agent, id: string): string | null {
  return topicToAsk(agent).serdes.key.name === 'string' ? id : null;
}
