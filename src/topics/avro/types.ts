import { ConfigError, messageOf } from '../../errors.ts';
import { arrayType, mapType } from './collections.ts';
import { enumType } from './enums.ts';
import { type AvroType, avsc, type ParseOptions } from './library.ts';
import { logicalTypes, TIMES } from './logical.ts';
import { bigLong, exactLong, ofUnit, timestampMicros } from './longs.ts';
import { primitives } from './primitives.ts';
import { recordType } from './records.ts';
import { unionType, writersUnion } from './unions.ts';

/** What a `long` is: a number, refused when it lies beyond 2^53, or a bigint. */
export type LongKind = 'number' | 'bigint';

/**
 * Returns the type of a schema in a program; every mistake in it is an error.
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
    throw new ConfigError(`avro: ${messageOf(cause)}`, { cause });
  }
}

/** The type of a writer's schema: logical types that do not fit are ignored, as Avro requires. @throws Error */
export function compileForeign(schema: unknown, referenced: readonly unknown[] = []): AvroType {
  return typeOf(schema, referenced, optionsOf('number', false));
}

function typeOf(schema: unknown, referenced: readonly unknown[], options: ParseOptions): AvroType {
  const registry: Record<string, AvroType> = Object.create(null);
  for (const each of referenced) avsc().Type.forSchema(each, { ...options, registry });
  return avsc().Type.forSchema(schema, { ...options, registry });
}

/**
 * How the schemas of writers are read. Their `long` stays a number: what is read is of the reader's type. Their defaults
 * do not matter to a reader, and some are not valid.
 */
export function writerOptions(): ParseOptions {
  const options = optionsOf('number', false);
  const { typeHook } = options;
  return {
    ...options,
    typeHook(schema, own) {
      if (Array.isArray(schema)) return writersUnion(schema, own);
      const { type, fields }: Declared = Object(schema);
      if (type === 'record' && Array.isArray(fields)) {
        checkFields(fields);
        return new (avsc().types.RecordType)({ ...Object(schema), fields: fields.map(withoutDefault) }, own);
      }
      return typeHook?.(type === 'enum' ? withoutDefault(Object(schema)) : schema, own);
    },
  };
}

/** What is looked at in a schema. */
interface Declared {
  readonly type?: unknown;
  readonly logicalType?: unknown;
  readonly fields?: unknown;
}

function withoutDefault({ default: _, ...rest }: { readonly default?: unknown }): object {
  return rest;
}

function optionsOf(long: LongKind, assertLogicalTypes: boolean): ParseOptions {
  return { typeHook: hookOf(long), logicalTypes: logicalTypes(), omitRecordMethods: true, assertLogicalTypes };
}

function primitiveOf(type: unknown): AvroType | undefined {
  return new Map<unknown, AvroType>(Object.entries(primitives())).get(type);
}

function hookOf(long: LongKind) {
  return (schema: unknown, options: ParseOptions): AvroType | undefined => {
    if (Array.isArray(schema)) return unionType(schema, options);
    const { type, logicalType, fields }: Declared = typeof schema === 'string' ? { type: schema } : Object(schema);
    switch (type) {
      case 'array':
        return arrayType(schema, options);
      case 'map':
        return mapType(schema, options);
      case 'enum':
        return enumType(schema, options);
      case 'record':
        if (Array.isArray(fields)) checkFields(fields);
        return recordType(Object(schema), options);
    }
    if (type === 'long' && logicalType === 'timestamp-micros') return timestampMicros();
    if (Object.hasOwn(logicalTypes(), String(logicalType))) return undefined;
    const plain = type === 'long' ? (long === 'bigint' ? bigLong() : exactLong()) : primitiveOf(type);
    return plain !== undefined && TIMES.has(logicalType) ? ofUnit(plain, String(logicalType)) : plain;
  };
}

/** Assigning `__proto__` would change what the value inherits instead of a field. */
function checkFields(fields: ReadonlyArray<{ readonly name?: unknown }>): void {
  if (fields.some(({ name }) => name === '__proto__')) throw new Error('a field cannot be named __proto__');
}
