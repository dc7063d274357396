import { StreamerError } from '../errors.ts';
import { type Connection, currentHolder, type Sent, sendLimit } from '../runtime/index.ts';
import { bounded } from '../timing/index.ts';
import type { AnyTopic, Encoded, SendOptions, SendResult } from '../topics/index.ts';

type Holder = ReturnType<typeof currentHolder>;
type Encode = () => Encoded | Promise<Encoded>;

/**
 * Sends a message of the program, or of the event in flight. It is registered with the event before the first `await`, or an agent that
 * does not wait for it would finish the event without it.
 */
export function sendMessage(
  connect: () => Promise<Connection>,
  topic: AnyTopic,
  encode: Encode,
  options: SendOptions,
): Promise<SendResult> {
  const holder = currentHolder();
  const end = holder?.output();
  const result = limited(connect, holder, topic, encode, options).then(
    (sent) => {
      end?.();
      return sent;
    },
    (error: unknown) => {
      end?.(error);
      throw error;
    },
  );
  // The event knows of the failure; a send that the agent does not await must not end the process.
  if (holder !== undefined) result.catch(() => {});
  return result;
}

async function limited(
  connect: () => Promise<Connection>,
  holder: Holder,
  topic: AnyTopic,
  encode: Encode,
  options: SendOptions,
): Promise<SendResult> {
  const limit = sendLimit(topic.name, options);
  const sent = post(connect, holder, topic, encode, limit?.signal);
  return limit === undefined ? sent : bounded(sent, limit);
}

async function post(
  connect: () => Promise<Connection>,
  holder: Holder,
  topic: AnyTopic,
  encode: Encode,
  signal: AbortSignal | undefined,
): Promise<SendResult> {
  const { name } = topic;
  if (holder !== undefined && !holder.isCurrent) {
    throw new StreamerError('LOST', 'the event belongs to another worker now: nothing more is published for it', { topic: name });
  }
  const encoded = await encode();
  const message = signal === undefined ? encoded : { ...encoded, signal };
  const { outputs, direct } = await connect();
  return new Promise((resolve, reject) => {
    const sent: Sent = (error, offset, partition) => {
      if (error === undefined) resolve({ topic: name, partition, offset });
      else reject(error);
    };
    if (holder === undefined) direct.send(name, message, sent);
    else outputs.send(name, message, { output: () => sent });
  });
}
