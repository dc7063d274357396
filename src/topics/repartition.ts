import { headersOf } from './headers.ts';
import type { Serdes } from './readable.ts';
import type { AnyRegrouped } from './regrouped.ts';
import type { Serde } from './serde.ts';
import { type AnyTopic, type Encoded, type Message, Topic, type TopicHost } from './topic.ts';

/** An event on its way to another key: the new key, and the value's bytes as they came. */
export interface Rekeyed {
  readonly key: unknown;
  readonly value: Buffer | null;
}

/** All records stay until they are deleted: each has been worked on by then. */
const CONFIGS = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'segment.bytes': String(64 * 1024 * 1024) };
const LIMIT = 'max.message.bytes';
/** For the new key. */
const KEY_BYTES = 16 * 1024;

/**
 * The topic through which events travel to another key. What is sent to it are `Rekeyed` values, whose bytes are not touched:
 * they are decoded as those of the topic that they came from, in a registry under its subject.
 */
export class RepartitionTopic extends Topic<unknown, unknown, unknown, Rekeyed> {
  readonly source: AnyTopic;
  readonly #countOf: () => number;

  /** @param countOf partition count, which depends on what the topic is read with */
  constructor(host: TopicHost, name: string, source: AnyTopic, { serdes, tombstones }: AnyRegrouped, countOf: () => number) {
    const { compression, replicationFactor } = source;
    super(host, name, rekeyedSerdes(source, serdes), { configs: configsFor(source), tombstones, compression, replicationFactor });
    this.source = source;
    this.#countOf = countOf;
  }

  override get partitions(): number {
    return this.#countOf();
  }

  override encode({ value: rekeyed, headers, timestamp, partition }: Message<unknown, Rekeyed>): Encoded | Promise<Encoded> {
    const rest = { value: rekeyed.value, headers: headersOf(headers), timestamp, partition };
    const key = this.encodeKey(rekeyed.key);
    return key instanceof Promise ? key.then((bytes) => ({ key: bytes, ...rest })) : { key, ...rest };
  }
}

function rekeyedSerdes(source: AnyTopic, { key, value }: AnyRegrouped['serdes']): Serdes<unknown, unknown, unknown, Rekeyed> {
  const context = { topic: valueTopicOf(source).name, part: 'value' } as const;
  const own: Serde<Rekeyed, unknown> = {
    name: value.name,
    encode: (rekeyed) => rekeyed.value ?? Buffer.alloc(0),
    decode: (bytes) => value.decode(bytes, context),
    prepare: () => value.prepare?.(context, 'read'),
  };
  // `keyOf` gives what the serde takes, or the serde refuses it.
  return { key: key as Serde<unknown, unknown>, value: { ...own, ...plainForms(value) } };
}

/** The values of a chain of topics are those of the first one. */
function valueTopicOf(source: AnyTopic): AnyTopic {
  return source instanceof RepartitionTopic ? valueTopicOf(source.source) : source;
}

function plainForms(serde: Serde<never, unknown>): Pick<Serde<never, unknown>, 'parsePlain' | 'toPlain'> {
  const { parsePlain, toPlain } = serde;
  return {
    ...(parsePlain === undefined ? {} : { parsePlain: parsePlain.bind(serde) }),
    ...(toPlain === undefined ? {} : { toPlain: toPlain.bind(serde) }),
  };
}

function configsFor({ configs }: AnyTopic): Record<string, string> {
  const limit = Number(configs[LIMIT]);
  return limit > 0 ? { ...CONFIGS, [LIMIT]: String(Math.min(limit + KEY_BYTES, 2 ** 31 - 1)) } : CONFIGS;
}
