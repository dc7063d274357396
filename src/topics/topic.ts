import type { CompressionName, RecordHeaders } from '../kafka/index.ts';
import type { Event } from './event.ts';
import { type HeadersInput, headersOf } from './headers.ts';
import type { Readable, Serdes } from './readable.ts';
import { type GroupOptions, Regrouped } from './regrouped.ts';
import type { SendOptions } from './send-options.ts';
import type { SerdeContext } from './serde.ts';
import { wrongTime } from './serde-error.ts';
import { patternTombstones, type TombstonePolicy, type TopicOptions, topicPlan } from './topic-options.ts';

/** A message to be sent. `key` may be left out where the topic's keys are optional. */
export type Message<KIn, VIn> = {
  readonly value: VIn;
  readonly headers?: HeadersInput | undefined;
  /** Milliseconds since 1970-01-01 UTC. @default now */
  readonly timestamp?: number | undefined;
  /** @default chosen from the key's bytes as Kafka's Java client does; without key, spread in runs */
  readonly partition?: number | undefined;
} & (null extends KIn ? { readonly key?: KIn | undefined } : { readonly key: KIn });

export interface SendResult {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** A message in bytes, its partition not chosen yet unless the sender chose it. */
export interface Encoded {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders | undefined;
  readonly timestamp: number | undefined;
  readonly partition: number | undefined;
  /** Aborted when the message is withdrawn: it is not sent then, if it has not left yet. */
  readonly signal?: AbortSignal | undefined;
}

/** What a topic needs of the app that declared it. */
export interface TopicHost {
  /** Notes which event it is sent for before the message is encoded: the handler may have finished by then. */
  send(topic: AnyTopic, encode: () => Encoded | Promise<Encoded>, options?: SendOptions): Promise<SendResult>;
}

/** The parts of a message before its types are known. */
interface Parts<KIn, VIn> {
  readonly key?: KIn | null | undefined;
  readonly value: VIn | null;
  readonly headers?: HeadersInput | undefined;
  readonly timestamp?: number | undefined;
  readonly partition?: number | undefined;
}

/**
 * A typed topic. Made by `app.topic(name, options)`; connects nothing.
 *
 * @typeParam K, V what is received
 * @typeParam KIn, VIn what may be sent
 */
export class Topic<K, V, KIn = K, VIn = V> implements Readable<K, V, KIn, VIn> {
  readonly name: string;
  readonly replicationFactor: number | undefined;
  readonly configs: Readonly<Record<string, string>>;
  readonly tombstones: TombstonePolicy;
  readonly compression: CompressionName | undefined;
  readonly serdes: Serdes<K, V, KIn, VIn>;
  readonly #host: TopicHost;
  readonly #partitions: number;
  readonly #keyContext: SerdeContext;
  readonly #valueContext: SerdeContext;
  /** Makes the input types contravariant, so that a topic of other values is refused as a sink. Never present. */
  declare readonly '~input'?: (key: KIn, value: VIn) => void;

  constructor(host: TopicHost, name: string, serdes: Serdes<K, V, KIn, VIn>, options: TopicOptions = {}) {
    const { partitions, replicationFactor, configs, tombstones, compression } = topicPlan(name, options);
    this.#host = host;
    this.name = name;
    this.serdes = serdes;
    this.#keyContext = { topic: name, part: 'key' };
    this.#valueContext = { topic: name, part: 'value' };
    this.#partitions = partitions;
    this.replicationFactor = replicationFactor;
    this.configs = configs;
    this.tombstones = tombstones;
    this.compression = compression;
  }

  /** Partition count it is created with. */
  get partitions(): number {
    return this.#partitions;
  }

  /**
   * The same events under another key, for an agent to read: those of one key come one after the other, whatever partitions they
   * are in here. They travel through a topic of the app, `<app>-<name>-repartition`, which `streamer topics create` makes.
   *
   * @param keyOf the new key of an event. What it throws sends the event to the dead letters
   * @example app.agent('count', orders.groupBy((order) => order.user, { key: string() }), each(...), { tables: [perUser] })
   */
  groupBy<GIn, G>(keyOf: (value: V, event: Event<K, V>) => NoInfer<GIn>, options: GroupOptions<GIn, G>): Regrouped<G, V> {
    return new Regrouped<G, V>(this, keyOf, options);
  }

  /**
   * Sends one message; resolves when the broker has acknowledged it. Inside an agent it belongs to the event that is being handled:
   * the event is not finished before the message is delivered.
   *
   * @throws SerdeError (`VALIDATION`) before anything leaves, when the value does not fit
   */
  send(message: Message<KIn, VIn>, options?: SendOptions): Promise<SendResult> {
    return this.#host.send(this, () => this.encode(message), options);
  }

  /** Sends a tombstone: the record that deletes a key from a compacted topic. */
  tombstone(message: Omit<Message<KIn, VIn>, 'value'>, options?: SendOptions): Promise<SendResult> {
    return this.#host.send(this, () => this.#encode({ ...message, value: null }), options);
  }

  /** The message in bytes; a promise only when a serde is asynchronous. A null value is a tombstone. */
  encode(message: Message<KIn, VIn>): Encoded | Promise<Encoded> {
    return this.#encode(message);
  }

  #encode(message: Parts<KIn, VIn>): Encoded | Promise<Encoded> {
    const { timestamp, partition } = message;
    if (timestamp !== undefined && !(Number.isSafeInteger(timestamp) && timestamp >= 0)) throw wrongTime(timestamp, this.name);
    const headers = headersOf(message.headers);
    const key = this.encodeKey(message.key);
    const value = message.value === null ? null : this.serdes.value.encode(message.value, this.#valueContext);
    if (key instanceof Promise || value instanceof Promise) {
      return Promise.all([key, value]).then(([k, v]) => ({ key: k, value: v, headers, timestamp, partition }));
    }
    return { key, value, headers, timestamp, partition };
  }

  /** The bytes of a key; null for a missing one, where keys are optional. */
  protected encodeKey(key: KIn | null | undefined): Buffer | null | Promise<Buffer> {
    if ((key === null || key === undefined) && this.serdes.key.acceptsNull) return null;
    // A missing key is the serde's to refuse.
    return this.serdes.key.encode(key as KIn, this.#keyContext);
  }
}

/** Any topic, of any types. */
export type AnyTopic = Topic<unknown, unknown, never, never>;

/** All topics whose name matches, with the same types. Dead-letter and internal topics never match. */
export class TopicPattern<K, V> implements Readable<K, V> {
  readonly name: RegExp;
  readonly tombstones: TombstonePolicy;
  readonly serdes: Serdes<K, V, never, never>;

  constructor(name: RegExp, serdes: Serdes<K, V, never, never>, options: Pick<TopicOptions, 'tombstones'> = {}) {
    this.name = name;
    this.serdes = serdes;
    this.tombstones = patternTombstones(name, options);
  }
}
