import type { Serde } from './serde.ts';
import type { TombstonePolicy } from './topic-options.ts';

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
