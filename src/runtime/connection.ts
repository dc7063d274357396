import { type Settings, securityOf } from '../config/index.ts';
import { asStreamerError, type StreamerError } from '../errors.ts';
import { type CompressionName, type KafkaAdmin, type KafkaClient, kafkajs } from '../kafka/index.ts';
import { within } from '../timing/index.ts';
import { ReplyClient } from './ask/reply-client.ts';
import { Outbox } from './output/outbox.ts';
import { DirectOutputs, EventOutputs } from './output/outputs.ts';
import { Sender } from './output/sender.ts';

/** What an app shares between its worker, its topics' sends and its questions. */
export interface Connection {
  readonly client: KafkaClient;
  /** One for all who ask. */
  readonly admin: () => Promise<KafkaAdmin>;
  /** The next who asks for the admin gets a new one. */
  readonly renewAdmin: () => void;
  readonly outbox: Outbox;
  readonly outputs: EventOutputs;
  readonly direct: DirectOutputs;
  readonly replies: ReplyClient;
}

export interface ConnectionOptions {
  readonly appId: string;
  readonly settings: Settings;
  /** Compression that a topic was declared with. */
  readonly compressionOf: (topic: string) => CompressionName | undefined;
  readonly onTrouble: (error: StreamerError) => void;
}

/** @throws KafkaError when no broker answers */
export async function openConnection({ appId, settings, compressionOf, onTrouble }: ConnectionOptions): Promise<Connection> {
  const { brokers, maxBatchBytes } = settings;
  const compression = (topic: string) => compressionOf(topic) ?? settings.compression;
  const client = kafkajs({ clientId: appId, brokers, compression, maxBatchBytes, ...securityOf(settings) });
  try {
    await client.connect();
  } catch (error) {
    await client.close();
    throw asStreamerError(error);
  }
  const outbox = new Outbox(() => client.producer(), onTrouble);
  const { get: admin, renew: renewAdmin } = once(() => client.admin());
  const sender = new Sender(outbox, admin);
  return {
    client,
    admin,
    renewAdmin,
    outbox,
    outputs: new EventOutputs(sender),
    direct: new DirectOutputs(sender),
    replies: new ReplyClient(appId, client, admin),
  };
}

/** Longest wait for connections to close: a broker that hangs does not answer. */
const CLOSE_MS = 3_000;

/** Sends what still waits to be sent, within the time, and closes everything. */
export async function closeConnection({ client, outbox, outputs, replies }: Connection, flushMs: number): Promise<void> {
  const asked = replies.close().catch(() => {});
  await within(outputs.flush(), flushMs);
  const close = async () => {
    await asked;
    await outbox.close();
    await client.close();
  };
  await within(close(), CLOSE_MS);
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
