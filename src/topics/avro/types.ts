import { ConfigError } from '../../errors.ts';
import { arrayType, mapType } from './collections.ts';
import { enumType } from './enums.ts';
import { type AvroType, avsc, type ParseOptions } from './library.ts';
import { logicalTypes, TIMES } from './logical.ts';
import { bigLong, exactLong, ofUnit, timestampMicros } from './longs.ts';
import { type Primitives, primitives } from './primitives.ts';
import { recordType } from './records.ts';
import { unionType, writersUnion } from './unions.ts';

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
  if (schema === undefined) throw new ConfigError('avro: the schema is missing');
  try {
    return typeOf(schema, referenced, optionsOf(long, true));
  } catch (cause) {
    throw new ConfigError(`avro: ${(cause as Error).message}`, { cause });
  }
}

/** The type of a schema that somebody else wrote: logical types that do not fit are ignored, as Avro asks. @throws Error */
export function compileForeign(schema: unknown, referenced: readonly unknown[] = []): AvroType {
  return typeOf(schema, referenced, optionsOf('number', false));
}

function typeOf(schema: unknown, referenced: readonly unknown[], options: ParseOptions): AvroType {
  const registry = Object.create(null) as Record<string, AvroType>;
  for (const each of referenced) avsc().Type.forSchema(each, { ...options, registry });
  return avsc().Type.forSchema(schema, { ...options, registry });
}

/**
 * How the schemas of writers are read. Their `long` stays a number: what is read is of the reader's type. Their defaults are
 * nothing to a reader, and some are not valid.
 */
export function writerOptions(): ParseOptions {
  const options = optionsOf('number', false);
  const { typeHook } = options;
  return {
    ...options,
    typeHook(schema, own) {
      if (Array.isArray(schema)) return writersUnion(schema, own);
      const { type, fields } = schema as Record<string, unknown>;
      if (type === 'record' && Array.isArray(fields)) {
        checkFields(fields);
        return new (avsc().types.RecordType)({ ...(schema as object), fields: fields.map(withoutDefault) }, own);
      }
      return typeHook!(type === 'enum' ? withoutDefault(schema as object) : schema, own);
    },
  };
}

function withoutDefault({ default: _, ...rest }: { readonly default?: unknown }): object {
  return rest;
}

function optionsOf(long: LongKind, assertLogicalTypes: boolean): ParseOptions {
  return { typeHook: hookOf(long), logicalTypes: logicalTypes(), omitRecordMethods: true, assertLogicalTypes };
}

function primitiveOf(type: unknown): AvroType | undefined {
  return Object.hasOwn(primitives(), String(type)) ? primitives()[type as keyof Primitives] : undefined;
}

function hookOf(long: LongKind) {
  return (schema: unknown, options: ParseOptions): AvroType | undefined => {
    if (Array.isArray(schema)) return unionType(schema, options);
    const { type, logicalType, fields } = (typeof schema === 'string' ? { type: schema } : schema) as Record<string, unknown>;
    switch (type) {
      case 'array':
        return arrayType(schema, options);
      case 'map':
        return mapType(schema, options);
      case 'enum':
        return enumType(schema, options);
      case 'record':
        if (Array.isArray(fields)) checkFields(fields);
        return recordType(schema as object, options);
    }
    if (type === 'long' && logicalType === 'timestamp-micros') return timestampMicros();
    if (Object.hasOwn(logicalTypes(), String(logicalType))) return undefined;
    const plain = type === 'long' ? (long === 'bigint' ? bigLong() : exactLong()) : primitiveOf(type);
    return plain !== undefined && TIMES.has(logicalType) ? ofUnit(plain, logicalType as string) : plain;
  };
}

/** Assigning `__proto__` would change what the value inherits instead of a field. */
function checkFields(fields: ReadonlyArray<{ readonly name?: unknown }>): void {
  if (fields.some(({ name }) => name === '__proto__')) throw new Error('a field cannot be named __proto__');
}
