import { anything, checkOptions, truth } from '../../../options/index.ts';
import { avroBytesSerde, type ConfluentOptions, exactJson, type Serde, type SerdeContext } from '../../../topics/index.ts';
import type { Converter } from '../converter.ts';
import { jsonWriter } from '../json-writer.ts';
import { type ConnectSchema, type ConnectValue, schemaOf } from '../schema.ts';
import { type AvroData, avroCodec } from './avro-codec.ts';

/** Subjects are `<topic>-key` and `<topic>-value`, as Confluent's converter names them. */
export type AvroConverterOptions = Pick<ConfluentOptions, 'registry' | 'autoRegister'>;

type AvroSerde = Serde<ConnectValue, AvroData>;

/**
 * Avro in the shape of Confluent's `AvroConverter`: schemas named after the table, with Connect's names, versions, parameters and
 * defaults as properties; unions with null for what may be null; Confluent's wire format; schemas kept in a registry, registered and
 * checked against the older ones before the first record of each form of a table. Names that Avro does not allow are adjusted as
 * Debezium does with `schema.name.adjustment.mode` and `field.name.adjustment.mode` `avro`.
 *
 * A null with a schema (a delete of an unwrapped row) is a null record, as with Confluent's converter.
 *
 * @throws ConfigError when an option is not valid
 */
export function avroConverter(options: AvroConverterOptions = {}): Converter {
  checkOptions<AvroConverterOptions>('avroConverter', options, { registry: anything, autoRegister: truth });
  const serdes = new WeakMap<ConnectSchema, AvroSerde>();
  const contexts = new Map<string, SerdeContext>();
  const serdeOf = (schema: ConnectSchema): AvroSerde =>
    remembered(serdes, schema, () => avroBytesSerde('avroConverter', avroCodec(schema), options));
  const reader = avroBytesSerde('avroConverter', avroCodec(schemaOf('string')), options);
  return {
    encode(schema, value, topic, part) {
      if (value === null) return null;
      const context = remembered(contexts, `${part} ${topic}`, () => ({ topic, part }));
      return serdeOf(schema).encode(value, context);
    },
    async decode(bytes, topic, part) {
      const { schema, value } = await reader.decode(bytes, { topic, part });
      return exactJson().decode(Buffer.from(jsonWriter(schema)(value), 'utf8'), { topic, part });
    },
  };
}

function remembered<K, V>(map: { get(key: K): V | undefined; set(key: K, value: V): unknown }, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
