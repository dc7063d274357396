import { ConfigError, isStreamerError } from '../../errors.ts';
import { describeType } from '../avro/describe.ts';
import { differences } from '../avro/differences.ts';
import { unreadable, unwritable } from '../avro/faults.ts';
import { type AvroResolver, type AvroType, newCursor } from '../avro/library.ts';
import { parsePlain, toPlain } from '../avro/plain-form.ts';
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
  const serde = confluentSerde(format as Format<AvroInput<S, LongOf<L>>, AvroOutput<S, LongOf<L>>>, options);
  return { ...serde, parsePlain: (text) => parsePlain(type, text), toPlain: (value) => toPlain(type, value) };
}

function avroFormat(type: AvroType, schema: string): Format<unknown, unknown> {
  const write = type.typeName === 'bytes' ? writeBytes : writeValue;
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

/** Records are written one behind the other into a chunk, so that none is copied; they keep it in memory while they are. */
const CHUNK_BYTES = 32 * 1024;
let chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
let used = 0;

function writeValue(type: AvroType, value: unknown, schemaId: number): Buffer {
  let into = chunk;
  let start = used;
  // A getter of the value that writes another one meanwhile must not write here.
  used = into.length;
  let end = start + HEADER_BYTES > into.length ? start - into.length - HEADER_BYTES : type.encode(value, into, start + HEADER_BYTES);
  if (end < 0) {
    // What is missing is known only from where it was tried: at most the whole record.
    into = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, into.length - start - end));
    start = 0;
    end = type.encode(value, into, HEADER_BYTES);
    if (end < 0) {
      into = Buffer.allocUnsafeSlow(into.length - end);
      end = type.encode(value, into, HEADER_BYTES);
    }
  }
  const bytes = into.subarray(start, end);
  writeHeader(bytes, schemaId);
  if (into.length === CHUNK_BYTES) {
    chunk = into;
    used = end;
  }
  return bytes;
}

/** Confluent's clients write a value whose whole schema is `bytes` as it is, without the length that Avro puts before it. */
function writeBytes(_: AvroType, value: unknown, schemaId: number): Buffer {
  if (!Buffer.isBuffer(value)) throw new Error('not a Buffer');
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + value.length);
  value.copy(bytes, HEADER_BYTES);
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

/** None where both write the same bytes: reading without one is a tenth faster. */
function resolverOf(reader: AvroType, writer: AvroType, schemaId: number, { topic, part }: SerdeContext): AvroResolver | undefined {
  try {
    const resolver = reader.createResolver(writer);
    return reader.equals(writer) ? undefined : resolver;
  } catch (cause) {
    const why = obstacles(reader, writer).join('; ') || (cause as Error).message;
    throw new SerdeError('DECODE', `${part}: written with schema id ${schemaId}, which cannot be read as ${describeType(reader)}: ${why}`, {
      topic,
      cause,
    });
  }
}

function readerOf(type: AvroType, writer: AvroType, resolver: AvroResolver | undefined): RecordReader<unknown> {
  if (type.typeName === 'bytes' && writer.typeName === 'bytes') return (bytes) => bytes.subarray(HEADER_BYTES);
  const source = resolver ?? type;
  const cursor = newCursor();
  return (bytes, context) => {
    cursor.buf = bytes;
    cursor.pos = HEADER_BYTES;
    let value: unknown;
    try {
      value = source._read(cursor);
    } catch (cause) {
      throw unreadable(writer, bytes, HEADER_BYTES, cause, context);
    }
    if (cursor.pos !== bytes.length) throw unreadable(writer, bytes, HEADER_BYTES, undefined, context);
    return value;
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
