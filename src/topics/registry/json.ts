import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import { ConfigError } from '../../errors.ts';
import { checkedBy, parse, stringify } from '../json.ts';
import type { Serde } from '../serde.ts';
import { SerdeError } from '../serde-error.ts';
import { type ConfluentOptions, confluentSerde } from './confluent.ts';
import { type Format, HEADER_BYTES, writeHeader } from './format.ts';
import { jsonDifferences, jsonObstacles } from './json-schema.ts';

export interface JsonConfluentOptions<S extends StandardSchemaV1> extends ConfluentOptions {
  /** Any Standard Schema: sent and received values are checked with it. */
  readonly schema: S;
  /** The JSON Schema to register. @default the schema's own (Standard JSON Schema, as in zod 4.2), as draft 7 */
  readonly jsonSchema?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * JSON in Confluent's wire format, its JSON Schema kept in a schema registry. Received values are checked with the schema
 * given, whichever version it was written with.
 *
 * @throws ConfigError at once when there is no JSON Schema to register, or an option is not valid
 */
export function jsonConfluent<S extends StandardSchemaV1>(
  options: JsonConfluentOptions<S>,
): Serde<StandardSchemaV1.InferInput<S>, StandardSchemaV1.InferOutput<S>> {
  if (options.schema === undefined) throw new ConfigError('json.confluent: schema is missing');
  if ('references' in options) {
    const next = 'Put what it refers to into the schema itself, below "$defs".';
    throw new ConfigError('json.confluent: references between JSON Schemas are not supported', { next });
  }
  const { schema, jsonSchema = jsonSchemaOf(schema), ...others } = options;
  const format = jsonFormat(schema, jsonSchema) as Format<StandardSchemaV1.InferInput<S>, StandardSchemaV1.InferOutput<S>>;
  return confluentSerde(format, others);
}

function jsonFormat(schema: StandardSchemaV1, jsonSchema: Readonly<Record<string, unknown>>): Format<unknown, unknown> {
  const checked = checkedBy(schema);
  const { title } = jsonSchema;
  return {
    name: 'json.confluent',
    type: 'JSON',
    schema: JSON.stringify(jsonSchema),
    record: typeof title === 'string' ? title : undefined,
    write(value, schemaId, context) {
      const result = checked(value, context);
      const write = () => framed(stringify(value, context), schemaId);
      return result instanceof Promise ? result.then(write) : write();
    },
    async readerOf(registry, schemaId, { topic, part }) {
      const kind = await registry.kindOf(schemaId);
      if (kind !== 'JSON')
        throw new SerdeError('DECODE', `${part}: written with schema id ${schemaId}, which is ${kind}, not a JSON Schema`, { topic });
      return (bytes, context) => checked(parse(bytes.subarray(HEADER_BYTES), context), context);
    },
    obstacles: (reader, writer) => jsonObstacles(JSON.parse(reader.schema), JSON.parse(writer.schema)),
    differences: (older) => jsonDifferences(jsonSchema, JSON.parse(older.schema)),
  };
}

function framed(text: string, schemaId: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + Buffer.byteLength(text, 'utf8'));
  writeHeader(bytes, schemaId);
  bytes.write(text, HEADER_BYTES, 'utf8');
  return bytes;
}

/** The JSON Schema of the values that are written: the schema's input, not its output. */
function jsonSchemaOf(schema: StandardSchemaV1): Record<string, unknown> {
  const standard: StandardSchemaV1.Props & Partial<StandardJSONSchemaV1.Props> = schema['~standard'];
  const { jsonSchema, vendor } = standard;
  const next = 'Give it: json.confluent({ schema, jsonSchema: { ... } }).';
  if (jsonSchema === undefined) throw new ConfigError(`json.confluent: the schema (${vendor}) has no JSON Schema of its own`, { next });
  try {
    return jsonSchema.input({ target: 'draft-07' });
  } catch (cause) {
    throw new ConfigError(`json.confluent: the schema (${vendor}) cannot be written as a JSON Schema: ${(cause as Error).message}`, {
      next,
      cause,
    });
  }
}
