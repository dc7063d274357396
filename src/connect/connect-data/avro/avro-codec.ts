import { type AvroBytesCodec, SerdeError } from '../../../topics/index.ts';
import type { ConnectSchema, ConnectValue } from '../schema.ts';
import { AvroBytes } from './avro-bytes.ts';
import { AvroCursor } from './avro-cursor.ts';
import type { AvroJson } from './avro-json.ts';
import { avroWriter } from './avro-writer.ts';
import { fromAvro } from './from-avro.ts';
import { toAvro } from './to-avro.ts';

/** A value with the schema that it was written with. */
export interface AvroData {
  readonly schema: ConnectSchema;
  readonly value: ConnectValue;
}

/** Writes values of one Connect schema, and reads those of every Avro schema. */
export function avroCodec(schema: ConnectSchema): AvroBytesCodec<ConnectValue, AvroData> {
  const write = avroWriter(schema);
  return {
    schema: toAvro(schema),
    write(value, skipped) {
      const into = new AvroBytes(skipped);
      write(value, into);
      return into.finish();
    },
    readerOf(written, skipped, { topic, part }) {
      const plan = fromAvro(avroJson(written));
      return (bytes) => {
        const cursor = new AvroCursor(bytes, skipped);
        try {
          const value = plan.read(cursor);
          if (!cursor.isAtEnd) throw new SerdeError('DECODE', 'bytes are left behind the value', { topic });
          return { schema: plan.schema, value };
        } catch (cause) {
          throw new SerdeError('DECODE', `${part}: not of its Avro schema: ${cause instanceof Error ? cause.message : String(cause)}`, {
            topic,
            cause,
          });
        }
      };
    },
  };
}

/** A registry takes only text that is an Avro schema. */
function avroJson(parsed: unknown): AvroJson {
  return parsed as AvroJson;
}
