import { ConfigError } from '../../errors.ts';
import { arrayType, mapType } from './collections.ts';
import { type AvroType, avsc, type ParseOptions } from './library.ts';
import { logicalTypes } from './logical.ts';
import { bigLong, exactLong, timestampMicros } from './longs.ts';

/** What a `long` is: a number, refused when it lies beyond 2^53, or a bigint. */
export type LongKind = 'number' | 'bigint';

/**
 * The type of a schema in a program, every mistake an error.
 *
 * @param referenced schemas whose names it uses, each after those that it uses itself
 * @throws ConfigError
 */
export function compile(schema: unknown, long: LongKind, referenced: readonly unknown[] = []): AvroType {
  if (long !== 'number' && long !== 'bigint')
    throw new ConfigError(`avro: long: expected 'number' or 'bigint', got ${JSON.stringify(long)}`);
  try {
    return typeOf(schema, referenced, optionsOf(long, true));
  } catch (cause) {
    throw new ConfigError(`avro: ${(cause as Error).message}`, { cause });
  }
}

/** The type of a schema that somebody else wrote: logical types that do not fit are ignored, as Avro asks. @throws Error */
export function compileForeign(schema: unknown, referenced: readonly unknown[] = []): AvroType {
  return typeOf(schema, referenced, writerOptions());
}

function typeOf(schema: unknown, referenced: readonly unknown[], options: ParseOptions): AvroType {
  const registry: Record<string, AvroType> = {};
  for (const each of referenced) avsc().Type.forSchema(each, { ...options, registry });
  return avsc().Type.forSchema(schema, { ...options, registry });
}

/** How the schemas of writers are read. Their `long` stays a number: what is read is of the reader's type. */
export function writerOptions(): ParseOptions {
  return optionsOf('number', false);
}

function optionsOf(long: LongKind, assertLogicalTypes: boolean): ParseOptions {
  return { typeHook: hookOf(long), logicalTypes: logicalTypes(), omitRecordMethods: true, assertLogicalTypes };
}

function hookOf(long: LongKind) {
  return (schema: unknown, options: ParseOptions): AvroType | undefined => {
    if (Array.isArray(schema)) return unionType(schema, options);
    const { type, logicalType, fields } = (typeof schema === 'string' ? { type: schema } : schema) as Record<string, unknown>;
    if (type === 'long' && logicalType === 'timestamp-micros') return timestampMicros();
    if (type === 'long' && logicalType !== 'timestamp-millis') return long === 'bigint' ? bigLong() : exactLong();
    if (type === 'array') return arrayType(schema, options);
    if (type === 'map') return mapType(schema, options);
    if (type === 'record' && Array.isArray(fields)) checkFields(fields);
    return undefined;
  };
}

/** Plain where JavaScript can tell the branches apart, else wrapped; `Union` in value.ts says the same to the compiler. */
function unionType(schemas: readonly unknown[], options: ParseOptions): AvroType {
  const { WrappedUnionType, UnwrappedUnionType } = avsc().types;
  const types = schemas.map((schema) => avsc().Type.forSchema(schema, options));
  const kinds = types.map(kindOf);
  const isAmbiguous = new Set(kinds).size < kinds.length;
  return isAmbiguous ? new WrappedUnionType(types, options) : new UnwrappedUnionType(types, options);
}

function kindOf({ typeName }: AvroType): string {
  switch (typeName) {
    case 'int':
    case 'long':
    case 'float':
    case 'double':
      return 'number';
    case 'abstract:long':
      return 'bigint';
    case 'enum':
    case 'logical:decimal':
    case 'logical:uuid':
      return 'string';
    case 'bytes':
    case 'fixed':
      return 'buffer';
    case 'record':
    case 'map':
    case 'logical:date':
    case 'logical:timestamp-millis':
      return 'object';
    default:
      return typeName;
  }
}

/** Assigning `__proto__` would change what the value inherits instead of a field. */
function checkFields(fields: ReadonlyArray<{ readonly name?: unknown }>): void {
  if (fields.some(({ name }) => name === '__proto__')) throw new Error('a field cannot be named __proto__');
}
