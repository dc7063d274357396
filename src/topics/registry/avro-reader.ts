import { isStreamerError, messageOf } from '../../errors.ts';
import { describeType } from '../avro/describe.ts';
import { unreadable } from '../avro/faults.ts';
import { type AvroResolver, type AvroType, newCursor, type Tap } from '../avro/library.ts';
import { hasNamesakes } from '../avro/names.ts';
import { obstacles } from '../avro/resolution.ts';
import { Unresolved } from '../avro/unresolved.ts';
import type { SerdeContext } from '../serde.ts';
import { SerdeError } from '../serde-error.ts';
import { HEADER_BYTES, type RecordReader } from './format.ts';
import type { Registry } from './registry.ts';

/** The type that records with this id were written with. @throws SerdeError when it is not an Avro schema, or one that avsc refuses */
export async function writerType(registry: Registry, schemaId: number, { topic, part }: SerdeContext): Promise<AvroType> {
  let writer: AvroType | undefined;
  let reason = '';
  try {
    writer = await registry.avroType(schemaId);
  } catch (cause) {
    if (isStreamerError(cause)) throw cause;
    reason = `: ${messageOf(cause)}`;
  }
  // Schemas of other kinds come back as something else, or not at all.
  if (typeof writer?.createResolver === 'function') return writer;
  const text = `${part}: written with schema id ${schemaId}, which is not an Avro schema that can be used${reason}`;
  throw new SerdeError('DECODE', text, { topic });
}

/** Reads what was written as the writer's type, as the reader's. @throws SerdeError when no record of it can be read */
export function readerOf(reader: AvroType, writer: AvroType, schemaId: number, context: SerdeContext): RecordReader<unknown> {
  const resolver = resolverOf(reader, writer, schemaId, context);
  if (writer.typeName !== 'bytes')
    return reading(resolver ?? reader, writer, (cause, at) => unresolved(reader, writer, schemaId, cause, at));
  if (reader.typeName === 'bytes') return (bytes) => bytes.subarray(HEADER_BYTES);
  // Confluent's clients leave out the length there, which a reader of another type needs.
  const read = reading(resolver ?? reader, writer, (cause, at) => unresolved(reader, writer, schemaId, cause, at));
  return (bytes, at) => read(Buffer.concat([bytes.subarray(0, HEADER_BYTES), writer.toBuffer(bytes.subarray(HEADER_BYTES))]), at);
}

type Explain = (cause: Unresolved, context: SerdeContext) => SerdeError;

function reading(source: { _read(tap: Tap): unknown }, writer: AvroType, explain: Explain): RecordReader<unknown> {
  const cursor = newCursor();
  return (bytes, context) => {
    cursor.buf = bytes;
    cursor.pos = HEADER_BYTES;
    let value: unknown;
    try {
      value = source._read(cursor);
    } catch (cause) {
      throw cause instanceof Unresolved ? explain(cause, context) : unreadable(writer, bytes, HEADER_BYTES, cause, context);
    }
    if (cursor.pos !== bytes.length) throw unreadable(writer, bytes, HEADER_BYTES, undefined, context);
    return value;
  };
}

/** None where both write the same bytes: reading without one is a tenth faster. */
function resolverOf(reader: AvroType, writer: AvroType, schemaId: number, context: SerdeContext): AvroResolver | undefined {
  try {
    const resolver = reader.createResolver(writer, { ignoreNamespaces: !hasNamesakes(reader) });
    return reader.equals(writer) ? undefined : resolver;
  } catch (cause) {
    throw refused(`which cannot be read as ${describeType(reader)}`, reader, writer, schemaId, cause, context);
  }
}

function unresolved(reader: AvroType, writer: AvroType, schemaId: number, cause: unknown, context: SerdeContext): SerdeError {
  return refused(`and has what ${describeType(reader)} does not`, reader, writer, schemaId, cause, context);
}

function refused(what: string, reader: AvroType, writer: AvroType, schemaId: number, cause: unknown, context: SerdeContext): SerdeError {
  const why = obstacles(reader, writer);
  const path = /^[^(]\S*(?=:)/.exec(why[0] ?? '')?.[0] ?? '';
  const text = `${context.part}: written with schema id ${schemaId}, ${what}: ${why.join('; ') || messageOf(cause)}`;
  return new SerdeError('DECODE', text, { topic: context.topic, path, cause });
}
