import { exactJson } from '../../topics/index.ts';
import { jsonSchema } from './json-schema.ts';
import { jsonWriter } from './json-writer.ts';
import type { ConnectSchema, ConnectValue } from './schema.ts';

/** Turns keys and values with their schemas into the bytes of records, as a Kafka Connect converter does. */
export interface Converter {
  /**
   * Returns the bytes of a key or value, or null for a record without.
   *
   * Called once for each key and value that a source writes, in order. A null without a schema (a tombstone, the key of a table
   * without one) is never passed. The same schema object is passed as long as the table keeps its form, so results that depend on
   * the schema alone may be cached in a WeakMap. May be asynchronous, as a registry's client is. An error ends the run of the
   * source, which is retried later: no record is left out.
   */
  encode(schema: ConnectSchema, value: ConnectValue, topic: string, part: 'key' | 'value'): Buffer | null | Promise<Buffer | null>;
  /**
   * Returns the content of bytes that `encode` has written, without the schema: structs and maps as objects without prototype,
   * bytes as a Buffer or as base64, whole numbers beyond 2^53 as `bigint`.
   *
   * A source calls it when it compares a topic with a new snapshot. Without it, keys are compared by their bytes, and a key that
   * has disappeared gets a tombstone but no delete event.
   */
  decode?(bytes: Buffer, topic: string, part: 'key' | 'value'): unknown;
}

export interface JsonConverterOptions {
  /** Write `{"schema":…,"payload":…}` instead of the payload alone (`schemas.enable`). @default false */
  readonly schemas?: boolean | undefined;
}

/** Returns a converter that writes JSON as Kafka Connect's `JsonConverter` does. */
export function jsonConverter({ schemas = false }: JsonConverterOptions = {}): Converter {
  const reader = exactJson();
  return {
    encode: (schema, value) => {
      const payload = jsonWriter(schema)(value);
      return Buffer.from(schemas ? `{"schema":${jsonSchema(schema)},"payload":${payload}}` : payload, 'utf8');
    },
    decode: (bytes, topic, part) => payloadOf(reader.decode(bytes, { topic, part })),
  };
}

/** The payload of either form, so that a change of `schemas` does not change what was written before. */
function payloadOf(content: unknown): unknown {
  if (typeof content !== 'object' || content === null) return content;
  const names = Object.keys(content);
  return names.length === 2 && 'schema' in content && 'payload' in content ? content.payload : content;
}
