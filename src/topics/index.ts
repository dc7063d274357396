export type { Event } from './event.ts';
export { exactJson, parseExactly, stringifyExactly } from './exact-json.ts';
export { json } from './json.ts';
export { KeylessSpread, murmur2, partitionOf } from './partitioner.ts';
export type { InputOf, OutputOf, Serde, SerdeContext } from './serde.ts';
export { preview, SerdeError } from './serde-error.ts';
export { bytes, number, optional, string } from './serdes.ts';
export {
  type AnyTopic,
  type Encoded,
  type HeadersInput,
  headersOf,
  type Message,
  type Readable,
  type SendResult,
  type TombstonePolicy,
  Topic,
  type TopicHost,
  type TopicOptions,
  TopicPattern,
} from './topic.ts';
