import { anything, checkOptions, truth } from '../../../options/index.ts';
import { avroBytesSerde, type ConfluentOptions, exactJson, type Serde, type SerdeContext, SerdeError } from '../../../topics/index.ts';
import { fromJsonSchema } from '../from-json-schema.ts';
import { fromPlain } from '../from-plain.ts';
import { jsonSchema } from '../json-schema.ts';
import { jsonWriter } from '../json-writer.ts';
import { type ConnectSchema, schemaOf } from '../schema.ts';
import { type AvroData, avroCodec } from './avro-codec.ts';
import { avroConverter } from './avro-converter.ts';

export interface ConnectAvroOptions extends Pick<ConfluentOptions, 'registry' | 'autoRegister'> {
  /**
   * Values as `{ schema, payload }`, as `JsonConverter` writes them with schemas, so that a sink knows the columns' types.
   *
   * @default false: the payload alone
   */
  readonly schemas?: boolean | undefined;
}

/**
 * Reads Avro as Confluent's `AvroConverter` writes it, for Debezium's topics as well as those of `avroConverter`: values are those that
 * `JsonConverter` would have written, read by `exactJson()`. With `schemas`, it also writes such values.
 */
export function connectAvro(options: ConnectAvroOptions = {}): Serde<unknown, unknown> {
  checkOptions<ConnectAvroOptions>('connectAvro', options, { registry: anything, autoRegister: truth, schemas: truth });
  const { schemas = false, ...others } = options;
  const serde = avroBytesSerde('connectAvro', avroCodec(schemaOf('string')), others);
  const converter = avroConverter(others);
  const known = new Map<string, ConnectSchema>();
  const jsonOf = async (data: AvroData | Promise<AvroData>, context: SerdeContext): Promise<unknown> => {
    const { schema, value } = await data;
    const payload = jsonWriter(schema)(value);
    return exactJson().decode(Buffer.from(schemas ? `{"schema":${jsonSchema(schema)},"payload":${payload}}` : payload), context);
  };
  return {
    name: 'connectAvro',
    decode: (bytes, context) => jsonOf(serde.decode(bytes, context), context),
    async encode(content, context) {
      const { topic, part } = context;
      const { schema, payload } = schemed(content, context);
      const text = JSON.stringify(schema, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each));
      const parsed = known.get(text) ?? fromJsonSchema(schema);
      known.set(text, parsed);
      const value = fromPlain(parsed, payload);
      const bytes = value === undefined ? null : await converter.encode(parsed, value, topic, part);
      if (bytes === null) throw new SerdeError('VALIDATION', `${part}: the payload does not fit its Connect schema`, { topic });
      return bytes;
    },
    prepare: async (context, use) => {
      // What is written has its schema with it; what is read needs a registry that answers.
      if (use === 'read') await serde.prepare?.(context, use);
    },
  };
}

function schemed(content: unknown, { topic, part }: SerdeContext): { readonly schema: unknown; readonly payload: unknown } {
  if (typeof content === 'object' && content !== null && 'schema' in content && 'payload' in content) return content;
  throw new SerdeError('VALIDATION', `${part}: connectAvro writes { schema, payload }, as Kafka Connect's JSON has it`, { topic });
}
