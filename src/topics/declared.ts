import type { Serde } from './serde.ts';
import type { Topic } from './topic.ts';

/** The serdes among the options with which a topic is declared; from them come the types of what is sent and received. */
export type AnySerdes = { readonly key?: Serde<never, unknown>; readonly value?: Serde<never, unknown> };
type KeyIn<O> = O extends { readonly key: Serde<infer In, infer _Out> } ? In : Uint8Array | null;
export type KeyOut<O> = O extends { readonly key: Serde<infer _In, infer Out> } ? Out : Buffer | null;
type ValueIn<O> = (O extends { readonly value: Serde<infer In, infer _Out> } ? In : Uint8Array) | Tombstone<O>;
export type ValueOut<O> = (O extends { readonly value: Serde<infer _In, infer Out> } ? Out : Buffer) | Tombstone<O>;
type Tombstone<O> = O extends { readonly tombstones: 'deliver' } ? null : never;
export type TopicOf<O> = Topic<KeyOut<O>, ValueOut<O>, KeyIn<O>, ValueIn<O>>;
/** What is inferred when no options are given. */
export type NoOptions = Record<never, never>;
