export { preview } from '../options/index.ts';
export type { AvroSchema } from './avro/schema.ts';
export type { AvroOptions } from './avro/serde.ts';
export type { AvroInput, AvroOutput } from './avro/value.ts';
export type { AnySerdes, KeyOut, NoOptions, TopicOf, ValueOut } from './declared.ts';
export type { Event } from './event.ts';
export { exactJson } from './exact-json.ts';
export { avro, json } from './formats.ts';
export { type HeadersInput, headerBytes, headersOf } from './headers.ts';
export { decimalParts, ExactNumber, isSameDecimal } from './json-text/exact-number.ts';
export { parseExactly } from './json-text/parse.ts';
export { NoJsonForm, writeJson } from './json-text/write.ts';
export { float32, float64, int16, int32, int64, number } from './numbers.ts';
export { KeylessSpread, murmur2, partitionOf } from './partitioner.ts';
export { plainOf, textOf } from './plain-form.ts';
export type { Readable } from './readable.ts';
export type { AvroConfluentOptions } from './registry/avro.ts';
export { type AvroBytesCodec, avroBytesSerde } from './registry/avro-bytes.ts';
export type { ConfluentOptions } from './registry/confluent.ts';
export type { JsonConfluentOptions } from './registry/json.ts';
export type { RegistryOptions } from './registry/options.ts';
export type { SubjectStrategy } from './registry/subject-name.ts';
export { type AnyRegrouped, type GroupOptions, type KeyOf, Regrouped } from './regrouped.ts';
export { type Rekeyed, RepartitionTopic } from './repartition.ts';
export { anAbortSignal, checkSendOptions, type SendOptions } from './send-options.ts';
export type { InputOf, OutputOf, RegisteredSchema, SchemaCheck, Serde, SerdeContext } from './serde.ts';
export { SerdeError } from './serde-error.ts';
export { bytes, optional, string } from './serdes.ts';
export {
  type AnyTopic,
  type Encoded,
  type Message,
  type SendResult,
  Topic,
  type TopicHost,
  TopicPattern,
} from './topic.ts';
export type { TombstonePolicy, TopicOptions } from './topic-options.ts';
export { uuid } from './uuid.ts';
