import { ConfigError } from '../errors.ts';
import { aFunction, type ChecksOf, problemsIn, refuse, sentence, that } from '../options/index.ts';
import type { Event } from './event.ts';
import type { Readable } from './readable.ts';
import type { Serde } from './serde.ts';

import type { TombstonePolicy } from './topic-options.ts';

export interface GroupOptions<KIn, K> {
  /** Serde of the new keys. */
  readonly key: Serde<KIn, K>;
  /** Names the topic between, `<app>-<name>-repartition`, and so its offsets. @default the table of the agent that reads it */
  readonly name?: string | undefined;
}

/** What events are grouped by: the new key of an event, types erased. */
export type KeyOf = (value: unknown, event: Event<unknown, unknown>) => unknown;

const aKeySerde = that(
  'a serde, as string()',
  (value) => typeof value === 'object' && value !== null && 'encode' in value && typeof value.encode === 'function',
);
const aName = that('1 to 80 letters, digits, ".", "_" or "-"', (name) => typeof name === 'string' && /^[a-zA-Z0-9._-]{1,80}$/.test(name));
const OPTIONS: ChecksOf<GroupOptions<unknown, unknown>> = { key: aKeySerde, name: aName };

/**
 * The events of a topic under another key, made by `topic.groupBy`. An agent that reads them gets them through a topic of the app:
 * all events of a key are in one partition there, in the order in which they had been in theirs.
 */
export class Regrouped<K, V> implements Readable<K, V> {
  readonly source: Readable<unknown, unknown>;
  readonly keyOf: KeyOf;
  readonly serdes: Readable<K, V>['serdes'];
  readonly tombstones: TombstonePolicy;
  readonly #name: string | undefined;
  /** Never present: events are not sent here. */
  declare readonly '~input'?: (key: never, value: never) => void;

  /** @throws ConfigError */
  constructor(source: Readable<unknown, V>, keyOf: (value: V, event: Event<never, V>) => unknown, options: GroupOptions<never, K>) {
    const where = 'groupBy';
    refuse(where, [
      ...(aFunction.fits(keyOf) ? [] : [sentence('key of an event', aFunction.expected, keyOf)]),
      ...problemsIn(options, OPTIONS),
    ]);
    if (options.key === undefined) throw new ConfigError(`${where}: key: expected ${aKeySerde.expected}, got undefined`);
    this.source = source;
    this.keyOf = keyOf as KeyOf;
    this.serdes = { key: options.key, value: source.serdes.value };
    this.tombstones = source.tombstones;
    this.#name = options.name;
  }

  /** The `name` option. @throws ConfigError without one */
  get name(): string {
    if (this.#name !== undefined) return this.#name;
    throw new ConfigError('groupBy: this stream has no name of its own');
  }

  get givenName(): string | undefined {
    return this.#name;
  }

  /** The same events under a third key. */
  groupBy<GIn, G>(keyOf: (value: V, event: Event<K, V>) => NoInfer<GIn>, options: GroupOptions<GIn, G>): Regrouped<G, V> {
    return new Regrouped<G, V>(this, keyOf, options);
  }
}

export type AnyRegrouped = Regrouped<unknown, unknown>;
