import { StreamerError } from '../errors.ts';
import { type Connection, currentHolder, type Sent, sendLimit } from '../runtime/index.ts';
import { bounded, deferred } from '../timing/index.ts';
import type { Encoded, SendOptions, SendResult } from '../topics/index.ts';

/** A topic, as far as sending needs it. */
export interface SentTo {
  readonly name: string;
}

/** Encodes the message when it is sent. */
export type Encode = () => Encoded | Promise<Encoded>;

type Holder = NonNullable<ReturnType<typeof currentHolder>>;

/** Sends messages of a program: inside an agent as outputs of the event in flight, elsewhere directly. */
export class Sending {
  readonly #connect: () => Promise<Connection>;

  constructor(connect: () => Promise<Connection>) {
    this.#connect = connect;
  }

  /**
   * Sends on behalf of the event in flight, if there is one: the event waits for the message, and fails with it. It is
   * registered with the event before the first `await`, or an agent that does not wait for it would finish the event without it.
   */
  send(topic: SentTo, encode: Encode, options: SendOptions): Promise<SendResult> {
    const holder = currentHolder();
    if (holder === undefined) return this.sendOutside(topic, encode, options);
    if (holder.isOver) return unobserved(Promise.reject(over(topic)));
    const end = holder.output();
    const placed = placing(holder);
    const result = this.#sendOutput(topic, encode, options, holder, placed).then(
      (sent) => {
        end();
        return sent;
      },
      (error: unknown) => {
        end(error);
        placed?.();
        throw error;
      },
    );
    return unobserved(result);
  }

  /** Sends outside of events, also inside an agent: for questions, whose answer an event may wait for. */
  async sendOutside(topic: SentTo, encode: Encode, options: SendOptions): Promise<SendResult> {
    if (currentHolder()?.isCurrent === false) throw lost(topic);
    return this.#post(topic, encode, options, ({ direct }, message, sent) => direct.send(topic.name, message, sent));
  }

  /** @param placed called when the message has its partition, or waits for that with the outputs of its event */
  async #sendOutput(topic: SentTo, encode: Encode, options: SendOptions, holder: Holder, placed?: () => void): Promise<SendResult> {
    if (!holder.isCurrent) throw lost(topic);
    return this.#post(topic, encode, options, ({ outputs }, message, sent) => {
      outputs.send(topic.name, message, { output: () => sent, placing: (until) => holder.placing?.(until) });
      placed?.();
    });
  }

  async #post({ name }: SentTo, encode: Encode, options: SendOptions, send: SendTo): Promise<SendResult> {
    const limit = sendLimit(name, options);
    const posted = async (): Promise<SendResult> => {
      const encoded = await encode();
      const message = limit === undefined ? encoded : { ...encoded, signal: limit.signal };
      const connection = await this.#connect();
      return new Promise((resolve, reject) => {
        send(connection, message, (error, offset, partition) => {
          if (error === undefined) resolve({ topic: name, partition, offset });
          else reject(error);
        });
      });
    };
    return limit === undefined ? posted() : bounded(posted(), limit);
  }
}

type SendTo = (connection: Connection, message: Encoded, sent: Sent) => void;

/** The event stays in the hands of its handler until the function is called. Undefined where nothing waits for that. */
function placing(holder: Holder): (() => void) | undefined {
  if (holder.placing === undefined) return undefined;
  const placed = deferred<void>();
  holder.placing(placed.promise);
  return placed.resolve;
}

/** The event knows of the failure; a send that the agent does not await must not end the process. */
function unobserved<T>(result: Promise<T>): Promise<T> {
  result.catch(() => {});
  return result;
}

function over({ name }: SentTo): StreamerError {
  return new StreamerError('USAGE', 'the event has finished, or its attempt was given up: nothing more is sent for it', {
    topic: name,
    next: 'Await every send in the handler.',
  });
}

function lost({ name }: SentTo): StreamerError {
  return new StreamerError('LOST', 'the event belongs to another worker now: nothing more is published for it', { topic: name });
}
