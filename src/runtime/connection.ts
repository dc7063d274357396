import { type Settings, securityOf } from '../config/index.ts';
import { isStreamerError, KafkaError, type StreamerError } from '../errors.ts';
import { type KafkaAdmin, type KafkaClient, kafkajs } from '../kafka/index.ts';
import { ReplyClient } from './ask/reply-client.ts';
import { Outbox } from './output/outbox.ts';
import { Sender } from './output/sender.ts';
import { within } from './waits.ts';

/** What an app shares between its worker, its topics' sends and its questions. */
export interface Connection {
  readonly client: KafkaClient;
  /** One for all who ask. */
  readonly admin: () => Promise<KafkaAdmin>;
  /** The next who asks for the admin gets a new one. */
  readonly renewAdmin: () => void;
  readonly outbox: Outbox;
  readonly sender: Sender;
  readonly asker: ReplyClient;
}

/** @throws KafkaError when no broker answers */
export async function openConnection(appId: string, settings: Settings, onTrouble: (error: StreamerError) => void): Promise<Connection> {
  const client = kafkajs({ clientId: appId, brokers: settings.brokers, ...securityOf(settings) });
  try {
    await client.connect();
  } catch (error) {
    await client.close();
    throw isStreamerError(error) ? error : new KafkaError('retry', (error as Error).message, { cause: error });
  }
  const outbox = new Outbox(() => client.producer(), onTrouble);
  const { get: admin, renew: renewAdmin } = once(() => client.admin());
  return { client, admin, renewAdmin, outbox, sender: new Sender(outbox, admin), asker: new ReplyClient(appId, client, admin) };
}

/** Longest wait for connections to close: a broker that hangs does not answer. */
const CLOSE_MS = 3_000;

/** Sends what still waits to be sent, within the time, and closes everything. */
export async function closeConnection({ client, outbox, sender, asker }: Connection, flushMs: number): Promise<void> {
  const { signal } = new AbortController();
  const asked = asker.close().catch(() => {});
  await within(sender.flush(), flushMs, signal);
  const close = async () => {
    await asked;
    await outbox.close();
    await client.close();
  };
  await within(close(), CLOSE_MS, signal);
}

/** The same answer for everybody; asked again only after a failure, or when it is to be renewed. */
function once<T>(make: () => Promise<T>): { readonly get: () => Promise<T>; readonly renew: () => void } {
  let made: Promise<T> | undefined;
  const renew = () => {
    made = undefined;
  };
  const get = () => {
    made ??= make().catch((error: unknown) => {
      renew();
      throw error;
    });
    return made;
  };
  return { get, renew };
}
