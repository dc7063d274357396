import { isStreamerError, KafkaError, type StreamerError } from '../errors.ts';
import { type KafkaAdmin, type KafkaClient, kafkajs } from '../kafka/index.ts';
import { Asker } from './asker.ts';
import { Outbox } from './outbox.ts';
import { Sender } from './sender.ts';

/** What an app shares between its worker, its topics' sends and its questions. */
export interface Connection {
  readonly client: KafkaClient;
  /** One for all who ask. */
  readonly admin: () => Promise<KafkaAdmin>;
  readonly outbox: Outbox;
  readonly sender: Sender;
  readonly asker: Asker;
}

/** @throws KafkaError when no broker answers */
export async function openConnection(
  appId: string,
  brokers: readonly string[],
  onTrouble: (error: StreamerError) => void,
): Promise<Connection> {
  const client = kafkajs({ clientId: appId, brokers });
  try {
    await client.connect();
  } catch (error) {
    await client.close();
    throw isStreamerError(error) ? error : new KafkaError('retry', (error as Error).message, { cause: error });
  }
  const outbox = new Outbox(() => client.producer(), onTrouble);
  const admin = once(() => client.admin());
  return { client, admin, outbox, sender: new Sender(outbox, admin), asker: new Asker(appId, client, admin) };
}

/** Sends what still waits to be sent, within the time, and closes everything. */
export async function closeConnection({ client, outbox, sender, asker }: Connection, timeoutMs: number): Promise<void> {
  await asker.close().catch(() => {});
  await Promise.race([sender.flush(), new Promise((resolve) => setTimeout(resolve, timeoutMs).unref())]);
  await outbox.close();
  await client.close();
}

/** The same answer for everybody; asked again only after a failure. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
