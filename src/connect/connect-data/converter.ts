import { jsonSchema } from './json-schema.ts';
import { jsonWriter } from './json-writer.ts';
import type { ConnectSchema, ConnectValue } from './schema.ts';

/**
 * Turns a key or value with its schema into a record's bytes, as a Kafka Connect converter does.
 *
 * Called once for each key and value that a source writes, in order; the same schema object is given as long as the table
 * stays as it is, so what is worked out from a schema may be kept in a WeakMap. May be asynchronous, as a registry's client
 * is. A null without a schema (a tombstone, a key of a table without one) is not given to it. An error ends the run of the
 * source, which is tried again later: nothing is left out.
 */
export interface Converter {
  encode(schema: ConnectSchema, value: ConnectValue, topic: string, part: 'key' | 'value'): Buffer | Promise<Buffer>;
}

export interface JsonConverterOptions {
  /** Write `{"schema":…,"payload":…}` instead of the payload alone (`schemas.enable`). @default false */
  readonly schemas?: boolean | undefined;
}

/** JSON as Kafka Connect's `JsonConverter` writes it. */
export function jsonConverter({ schemas = false }: JsonConverterOptions = {}): Converter {
  if (!schemas) return { encode: (schema, value) => Buffer.from(jsonWriter(schema)(value), 'utf8') };
  return {
    encode: (schema, value) => Buffer.from(`{"schema":${jsonSchema(schema)},"payload":${jsonWriter(schema)(value)}}`, 'utf8'),
  };
}
