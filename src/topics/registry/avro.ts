import { ConfigError, messageOf } from '../../errors.ts';
import { differences } from '../avro/differences.ts';
import { unwritable } from '../avro/faults.ts';
import type { AvroType } from '../avro/library.ts';
import { parsePlain, toPlain } from '../avro/plain-form.ts';
import { namesUsed } from '../avro/references.ts';
import { obstacles } from '../avro/resolution.ts';
import type { AvroSchema } from '../avro/schema.ts';
import type { AvroOptions, LongOf } from '../avro/serde.ts';
import { compile, compileForeign, type LongKind } from '../avro/types.ts';
import type { AvroInput, AvroOutput } from '../avro/value.ts';
import type { SchemaText, Serde } from '../serde.ts';
import { readerOf, writerType } from './avro-reader.ts';
import { writerOf } from './avro-writer.ts';
import { type ConfluentOptions, confluentSerde } from './confluent.ts';
import type { Format, FormatReference } from './format.ts';

/** A schema that others name. */
export interface AvroReference {
  /** Of a record, enum or fixed; it may name those that are listed before it. */
  readonly schema: AvroSchema;
  /** Where it is registered. @default its full name */
  readonly subject?: string | undefined;
}

export interface AvroConfluentOptions<
  S extends AvroSchema,
  L extends LongKind = LongKind,
  R extends readonly AvroReference[] = readonly AvroReference[],
> extends ConfluentOptions,
    AvroOptions<L> {
  /** The schema that is written, and that records of every other version are read as. */
  readonly schema: S;
  /** Schemas that it names and that have subjects of their own: registered before it, checked as it is. */
  readonly references?: R | undefined;
}

/**
 * Avro in Confluent's wire format, schemas kept in a schema registry. What was written with another version of the schema is
 * read as this one: fields that were added have their default, aliases find renamed ones, numbers are widened.
 *
 * @throws ConfigError at once when the schema or an option is not valid
 */
export function avroConfluent<
  const S extends AvroSchema,
  L extends LongKind = 'number',
  const R extends readonly AvroReference[] = readonly [],
>(
  options: AvroConfluentOptions<S, L, R>,
): Serde<AvroInput<S, LongOf<L>, R[number]['schema']>, AvroOutput<S, LongOf<L>, R[number]['schema']>> {
  if (options.schema === undefined) throw new ConfigError('avro.confluent: schema is missing');
  const { schema, long = 'number', references = [], ...others } = options;
  const formats = referenceFormats(references, long);
  const format = avroFormat(schema, references, formats, long);
  const type = compile(schema, long, references.map(schemaOf));
  const serde = confluentSerde(
    format as Format<AvroInput<S, LongOf<L>, R[number]['schema']>, AvroOutput<S, LongOf<L>, R[number]['schema']>>,
    others,
  );
  return { ...serde, parsePlain: (text) => parsePlain(type, text), toPlain: (value) => toPlain(type, value) };
}

function schemaOf({ schema }: AvroReference): AvroSchema {
  return schema;
}

function referenceFormats(references: readonly AvroReference[], long: LongKind): FormatReference[] {
  const formats: FormatReference[] = [];
  references.forEach(({ schema, subject }, at) => {
    const format = avroFormat(schema, references.slice(0, at), [...formats], long);
    if (format.record === undefined) throw new ConfigError(`avro.confluent: references[${at}]: expected a schema with a name`);
    formats.push({ name: format.record, subject: subject ?? format.record, format: format as Format<never, unknown> });
  });
  return formats;
}

/** @param formats of the references, by position */
export function avroFormat(
  source: AvroSchema,
  references: readonly AvroReference[],
  formats: readonly FormatReference[],
  long: LongKind,
): Format<unknown, unknown> {
  const type = compile(source, long, references.map(schemaOf));
  const used = namesUsed(source, new Set(formats.map(({ name }) => name)));
  const text = { schema: JSON.stringify(source), referenced: formats.map(({ format }) => format.schema) };
  const write = writerOf(type);
  return {
    name: 'avro.confluent',
    type: 'AVRO',
    ...text,
    references: formats.filter(({ name }) => used.includes(name)),
    record: type.name,
    write(value, schemaId, context) {
      try {
        return write(type, value, schemaId);
      } catch (cause) {
        throw unwritable(type, value, cause, context);
      }
    },
    async readerOf(registry, schemaId, context) {
      return readerOf(type, await writerType(registry, schemaId, context), schemaId, context);
    },
    obstacles: (reader, writer) => comparing(reader, writer, obstacles, () => []),
    differences: (older) => comparing(text, older, differences, (why) => [`cannot be compared: ${why}`]),
  };
}

/** @param otherwise when avsc does not take a schema of the registry: whether it is compatible, the registry says itself */
function comparing(
  left: SchemaText,
  right: SchemaText,
  compare: (left: AvroType, right: AvroType) => string[],
  otherwise: (why: string) => string[],
): string[] {
  let types: [AvroType, AvroType];
  try {
    types = [parsed(left), parsed(right)];
  } catch (cause) {
    return otherwise(messageOf(cause));
  }
  return compare(...types);
}

function parsed({ schema, referenced = [] }: SchemaText): AvroType {
  const parse = (text: string): unknown => JSON.parse(text);
  return compileForeign(parse(schema), referenced.map(parse));
}
