import { ConfigError } from '../errors.ts';
import { COMPRESSIONS, type CompressionName, keepForm, type RecordHeaders, setHeader } from '../kafka/index.ts';
import { anything, type Check, type ChecksOf, checkOptions, oneOf, sentence, wholeNumber } from '../options/index.ts';
import type { Serde, SerdeContext } from './serde.ts';

/** Headers as they may be given: text is written as UTF-8, `null` and `undefined` are left out. */
export type HeadersInput = Readonly<Record<string, string | Uint8Array | ReadonlyArray<string | Uint8Array> | null | undefined>>;

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
}

/** What a topic needs of the app that declared it. */
export interface TopicHost {
  /** Notes at once for whom it is sent, before the message is put into bytes: a handler may be through by then. */
  send(topic: AnyTopic, encode: () => Encoded | Promise<Encoded>): Promise<SendResult>;
}

/** What happens to records without value: `skip` counts them and goes on, `deliver` gives `event.value === null`. */
export type TombstonePolicy = 'skip' | 'deliver';

export interface TopicOptions {
  /** Partition count it is created with. @default 1 */
  readonly partitions?: number | undefined;
  /** @default 1 on a single broker, else 3 */
  readonly replicationFactor?: number | undefined;
  /** Topic configs as Kafka names them, as `{ 'retention.ms': '86400000' }`. */
  readonly configs?: Readonly<Record<string, string>> | undefined;
  /** @default 'skip' */
  readonly tombstones?: TombstonePolicy | undefined;
  /** How the app compresses the batches that it writes: none, gzip, snappy, lz4 or zstd. @default the app's setting `compression` */
  readonly compression?: CompressionName | undefined;
}

export interface Serdes<K, V, KIn, VIn> {
  readonly key: Serde<KIn, K>;
  readonly value: Serde<VIn, V>;
}

/** What an agent can read: a topic, or all topics whose name matches a pattern. */
export interface Readable<K, V, KIn = never, VIn = never> {
  readonly name: string | RegExp;
  readonly tombstones: TombstonePolicy;
  readonly serdes: Serdes<K, V, never, never>;
  /** Carries the input types of a topic, and makes them contravariant. Never present. */
  readonly '~input'?: (key: KIn, value: VIn) => void;
}

/**
 * A typed topic. Made by `app.topic(name, options)`; connects nothing.
 *
 * @typeParam K, V what is received
 * @typeParam KIn, VIn what may be sent
 */
export class Topic<K, V, KIn = K, VIn = V> implements Readable<K, V, KIn, VIn> {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number | undefined;
  readonly configs: Readonly<Record<string, string>>;
  readonly tombstones: TombstonePolicy;
  readonly compression: CompressionName | undefined;
  readonly serdes: Serdes<K, V, KIn, VIn>;
  readonly #host: TopicHost;
  readonly #keyContext: SerdeContext;
  readonly #valueContext: SerdeContext;
  /** Makes the input types contravariant, so that a topic of other values is refused as a sink. Never present. */
  declare readonly '~input'?: (key: KIn, value: VIn) => void;

  constructor(host: TopicHost, name: string, serdes: Serdes<K, V, KIn, VIn>, options: TopicOptions = {}) {
    this.#host = host;
    this.name = checkTopicName(name);
    this.serdes = serdes;
    this.#keyContext = { topic: name, part: 'key' };
    this.#valueContext = { topic: name, part: 'value' };
    checkOptions<TopicOptions>(`topic "${name}"`, options, TOPIC);
    this.partitions = options.partitions ?? 1;
    this.replicationFactor = options.replicationFactor;
    this.configs = { ...options.configs };
    this.tombstones = options.tombstones ?? 'skip';
    this.compression = options.compression;
  }

  /**
   * Sends one message; resolves when the broker has acknowledged it. Inside an agent it belongs to the event in hand:
   * the event is not finished before the message is delivered.
   *
   * @throws SerdeError (`VALIDATION`) before anything leaves, when the value does not fit
   */
  send(message: Message<KIn, VIn>): Promise<SendResult> {
    return this.#host.send(this, () => this.encode(message));
  }

  /** Sends a tombstone: the record that deletes a key from a compacted topic. */
  tombstone(message: Omit<Message<KIn, VIn>, 'value'>): Promise<SendResult> {
    return this.#host.send(this, () => this.encode({ ...message, value: null } as unknown as Message<KIn, VIn>));
  }

  /** The message in bytes; a promise only when a serde is asynchronous. A null value is a tombstone. */
  encode(message: Message<KIn, VIn>): Encoded | Promise<Encoded> {
    const { timestamp, partition } = message;
    const headers = headersOf(message.headers);
    const key = this.#encodeKey((message as { key?: KIn }).key);
    const value = message.value === null ? null : this.serdes.value.encode(message.value, this.#valueContext);
    if (key instanceof Promise || value instanceof Promise) {
      return Promise.all([key, value]).then(([k, v]) => ({ key: k, value: v, headers, timestamp, partition }));
    }
    return { key, value, headers, timestamp, partition };
  }

  #encodeKey(key: KIn | null | undefined): Buffer | null | Promise<Buffer> {
    if (key === null || key === undefined) {
      if (this.serdes.key.acceptsNull) return null;
    }
    return this.serdes.key.encode(key as KIn, this.#keyContext);
  }
}

/** Any topic, whatever its types. */
export type AnyTopic = Topic<unknown, unknown, never, never>;

/** All topics whose name matches, with the same types. Dead-letter and internal topics never match. */
export class TopicPattern<K, V> implements Readable<K, V> {
  readonly name: RegExp;
  readonly tombstones: TombstonePolicy;
  readonly serdes: Serdes<K, V, never, never>;

  constructor(name: RegExp, serdes: Serdes<K, V, never, never>, options: Pick<TopicOptions, 'tombstones'> = {}) {
    this.name = name;
    this.serdes = serdes;
    checkOptions<Pick<TopicOptions, 'tombstones'>>(`topic ${name}`, options, PATTERN);
    this.tombstones = options.tombstones ?? 'skip';
  }
}

export function headersOf(input: HeadersInput | undefined): RecordHeaders | undefined {
  if (input === undefined) return undefined;
  const headers: RecordHeaders = {};
  for (const [name, value] of Object.entries(input)) {
    if (value === null || value === undefined) continue;
    setHeader(headers, name, Array.isArray(value) ? value.map(headerBytes) : headerBytes(value as string | Uint8Array));
  }
  return keepForm(headers, input);
}

function headerBytes(value: string | Uint8Array): Buffer {
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** Kafka's rule: 1 to 249 of letters, digits, `.`, `_`, `-`, and neither `.` nor `..`. */
function checkTopicName(name: string): string {
  if (!/^[a-zA-Z0-9._-]{1,249}$/.test(name) || name === '.' || name === '..') {
    throw new ConfigError(`topic name ${JSON.stringify(name)} is not allowed: 1 to 249 letters, digits, ".", "_" or "-"`);
  }
  return name;
}

const tombstones = oneOf(['skip', 'deliver']);

const configs: Check = {
  expected: 'configs by name',
  fits: (value) => typeof value === 'object' && value !== null,
  problems: (name, value) =>
    Object.entries(Object(value)).flatMap(([config, text]) =>
      typeof text === 'string' ? [] : [sentence(`${name}.${config}`, "a string, as '1000'", text)],
    ),
};

const TOPIC: ChecksOf<TopicOptions & AnySerdeOptions> = {
  key: anything,
  value: anything,
  partitions: wholeNumber(1),
  replicationFactor: wholeNumber(1),
  configs,
  tombstones,
  compression: oneOf(COMPRESSIONS),
};

const PATTERN: ChecksOf<Pick<TopicOptions, 'tombstones'> & AnySerdeOptions> = { key: anything, value: anything, tombstones };

interface AnySerdeOptions {
  readonly key?: unknown;
  readonly value?: unknown;
}
