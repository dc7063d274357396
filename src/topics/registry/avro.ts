import { ConfigError, isStreamerError } from '../../errors.ts';
import { describeType } from '../avro/describe.ts';
import { differences } from '../avro/differences.ts';
import { unreadable, unwritable } from '../avro/faults.ts';
import type { AvroResolver, AvroType } from '../avro/library.ts';
import { obstacles } from '../avro/resolution.ts';
import type { AvroSchema } from '../avro/schema.ts';
import type { AvroOptions, LongOf } from '../avro/serde.ts';
import { compile, compileForeign, type LongKind } from '../avro/types.ts';
import type { AvroInput, AvroOutput } from '../avro/value.ts';
import type { Serde, SerdeContext } from '../serde.ts';
import { SerdeError } from '../serde-error.ts';
import { type ConfluentOptions, confluentSerde } from './confluent.ts';
import { type Format, HEADER_BYTES, type RecordReader, writeHeader } from './format.ts';
import type { Registry } from './registry.ts';

export interface AvroConfluentOptions<S extends AvroSchema, L extends LongKind = LongKind> extends ConfluentOptions, AvroOptions<L> {
  /** The schema that is written, and that records of every other version are read as. */
  readonly schema: S;
}

/**
 * Avro in Confluent's wire format, schemas kept in a schema registry. What was written with another version of the schema is
 * read as this one: fields that were added have their default, aliases find renamed ones, numbers are widened.
 *
 * @throws ConfigError at once when the schema or an option is not valid
 */
export function avroConfluent<const S extends AvroSchema, L extends LongKind = 'number'>(
  options: AvroConfluentOptions<S, L>,
): Serde<AvroInput<S, LongOf<L>>, AvroOutput<S, LongOf<L>>> {
  if (options.schema === undefined) throw new ConfigError('avro.confluent: schema is missing');
  const type = compile(options.schema, options.long ?? 'number');
  const format = avroFormat(type, JSON.stringify(options.schema));
  return confluentSerde(format as Format<AvroInput<S, LongOf<L>>, AvroOutput<S, LongOf<L>>>, options);
}

function avroFormat(type: AvroType, schema: string): Format<unknown, unknown> {
  return {
    name: 'avro.confluent',
    type: 'AVRO',
    schema,
    record: type.name,
    write(value, schemaId, context) {
      try {
        return write(type, value, schemaId);
      } catch (cause) {
        throw unwritable(type, value, cause, context);
      }
    },
    async readerOf(registry, schemaId, context) {
      const writer = await writerType(registry, schemaId, context);
      return readerOf(type, writer, resolverOf(type, writer, schemaId, context));
    },
    obstacles: (reader, writer) => comparing(reader, writer, obstacles),
    differences: (older) => comparing(schema, older, differences),
  };
}

/** Most records fit; longer ones get a buffer of their own, so that one huge record does not stay in memory. */
const scratch = Buffer.allocUnsafeSlow(16 * 1024);

function write(type: AvroType, value: unknown, schemaId: number): Buffer {
  const end = type.encode(value, scratch, HEADER_BYTES);
  // Below zero: how many bytes were missing.
  const bytes = Buffer.allocUnsafe(end < 0 ? scratch.length - end : end);
  if (end < 0) type.encode(value, bytes, HEADER_BYTES);
  else scratch.copy(bytes, HEADER_BYTES, HEADER_BYTES, end);
  writeHeader(bytes, schemaId);
  return bytes;
}

async function writerType(registry: Registry, schemaId: number, { topic, part }: SerdeContext): Promise<AvroType> {
  let writer: Partial<AvroType>;
  try {
    writer = await registry.avroType(schemaId);
  } catch (cause) {
    if (isStreamerError(cause)) throw cause;
    writer = {};
  }
  // Schemas of other kinds come back as something else, or not at all.
  if (typeof writer.createResolver === 'function') return writer as AvroType;
  throw new SerdeError('DECODE', `${part}: written with schema id ${schemaId}, which is not an Avro schema that can be used`, { topic });
}

function resolverOf(reader: AvroType, writer: AvroType, schemaId: number, { topic, part }: SerdeContext): AvroResolver {
  try {
    return reader.createResolver(writer);
  } catch (cause) {
    const why = obstacles(reader, writer).join('; ') || (cause as Error).message;
    throw new SerdeError('DECODE', `${part}: written with schema id ${schemaId}, which cannot be read as ${describeType(reader)}: ${why}`, {
      topic,
      cause,
    });
  }
}

function readerOf(type: AvroType, writer: AvroType, resolver: AvroResolver): RecordReader<unknown> {
  return (bytes, context) => {
    let read: { value: unknown; offset: number };
    try {
      read = type.decode(bytes, HEADER_BYTES, resolver);
    } catch (cause) {
      throw unreadable(writer, bytes, HEADER_BYTES, cause, context);
    }
    if (read.offset < 0) throw unreadable(writer, bytes, HEADER_BYTES, undefined, context);
    if (read.offset === bytes.length) return read.value;
    const { topic, part } = context;
    const left = bytes.length - read.offset;
    throw new SerdeError('DECODE', `${part}: ${describeType(writer)} ends at byte ${read.offset}, and ${left} more follow`, { topic });
  };
}

/** Schemas with references cannot be compared here: the registry's own verdict has to do. */
function comparing(left: string, right: string, compare: (left: AvroType, right: AvroType) => string[]): string[] {
  try {
    return compare(compileForeign(JSON.parse(left)), compileForeign(JSON.parse(right)));
  } catch {
    return [];
  }
}
