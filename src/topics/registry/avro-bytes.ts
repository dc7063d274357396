import type { AvroSchema } from '../avro/schema.ts';
import { parseExactly } from '../json-text/parse.ts';
import { writeJson } from '../json-text/write.ts';
import type { Serde, SerdeContext } from '../serde.ts';
import { avroFormat } from './avro.ts';
import { type ConfluentOptions, confluentSerde } from './confluent.ts';
import { HEADER_BYTES, type RecordReader, writeHeader } from './format.ts';

/** Writes and reads the bytes of Avro by itself, for values that are not avsc's. */
export interface AvroBytesCodec<In, Out> {
  /** The schema that is written, as JSON; defaults beyond 2^53 are `bigint`. */
  readonly schema: unknown;
  /** Returns the bytes, after `skipped` bytes of room for the header. */
  write(value: In, skipped: number): Buffer;
  /** Returns a reader of the records of a writer's schema, which begin behind `skipped` bytes. */
  readerOf(schema: unknown, skipped: number, context: SerdeContext): RecordReader<Out>;
}

/** Avro in Confluent's wire format, registered and checked as `avro.confluent` does, with a codec of the caller's. */
export function avroBytesSerde<In, Out>(name: string, codec: AvroBytesCodec<In, Out>, options: ConfluentOptions): Serde<In, Out> {
  const schema = writeJson(codec.schema, { bigints: true });
  const source: AvroSchema = JSON.parse(schema);
  const { type, record, obstacles, differences } = avroFormat(source, [], [], 'bigint');
  return confluentSerde<In, Out>(
    {
      ...{ name, schema, type, record, obstacles, differences },
      write(value, schemaId) {
        const bytes = codec.write(value, HEADER_BYTES);
        writeHeader(bytes, schemaId);
        return bytes;
      },
      async readerOf(registry, schemaId, context) {
        return codec.readerOf(parseExactly(await registry.textOf(schemaId)), HEADER_BYTES, context);
      },
    },
    options,
  );
}
