import { MalformedRequest } from './error-code.ts';
import type { AnyField, Decoded, Draft, Fields } from './field.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** Decoder and encoder of one message in one version. */
export interface Codec<F extends Fields> {
  decode(reader: Reader): Decoded<F>;
  encode(writer: Writer, value: Draft<F>): void;
}

type Struct = Record<string, unknown>;

interface FieldCodec {
  readonly name: string;
  readonly tag: number | undefined;
  readonly fallback: unknown;
  readonly read: (reader: Reader) => unknown;
  readonly write: (writer: Writer, value: unknown) => void;
}

interface StructCodec {
  readonly read: (reader: Reader) => Struct;
  readonly write: (writer: Writer, value: Struct) => void;
}

/**
 * Reads the table of a message for one version. Flexible versions have compact lengths and tagged fields
 * (KIP-482, https://cwiki.apache.org/confluence/display/KAFKA/KIP-482).
 */
export function codec<F extends Fields>(fields: F, version: number, isFlexible: boolean): Codec<F> {
  const struct = structCodec(fields, version, isFlexible);
  return {
    decode: (reader) => struct.read(reader) as Decoded<F>,
    encode: (writer, value) => struct.write(writer, value as Struct),
  };
}

function structCodec(fields: Fields, version: number, isFlexible: boolean): StructCodec {
  const known = Object.entries(fields).map(([name, field]) => fieldCodec(name, field, version, isFlexible));
  const present = Object.values(fields).map((field) => field.since <= version && version <= field.until);
  const ordered = known.filter((field, i) => present[i] && field.tag === undefined);
  const tagged = known.filter((field, i) => present[i] && field.tag !== undefined);
  const absent = known.filter((field, i) => !present[i] || field.tag !== undefined);

  const read = (reader: Reader): Struct => {
    const value: Struct = {};
    for (const field of ordered) value[field.name] = field.read(reader);
    for (const field of absent) value[field.name] = field.fallback;
    if (isFlexible) readTagged(reader, tagged, value);
    return value;
  };
  const write = (writer: Writer, value: Struct): void => {
    for (const field of ordered) field.write(writer, valueOf(field, value));
    if (isFlexible) writeTagged(writer, tagged, value);
  };
  return { read, write };
}

function valueOf(field: FieldCodec, struct: Struct): unknown {
  const value = struct[field.name];
  return value === undefined ? field.fallback : value;
}

function readTagged(reader: Reader, tagged: readonly FieldCodec[], value: Struct): void {
  reader.taggedFields((tag, content) => {
    const field = tagged.find((known) => known.tag === tag);
    if (field !== undefined) value[field.name] = field.read(content);
  });
}

function writeTagged(writer: Writer, tagged: readonly FieldCodec[], value: Struct): void {
  const given = tagged.filter((field) => value[field.name] !== undefined && value[field.name] !== field.fallback);
  writer.uvarint(given.length);
  for (const field of given) writer.taggedField(field.tag as number, (content) => field.write(content, value[field.name]));
}

function fieldCodec(name: string, field: AnyField, version: number, isFlexible: boolean): FieldCodec {
  return { name, tag: field.tag, fallback: field.fallback, ...valueCodec(name, field, version, isFlexible) };
}

type ValueCodec = Pick<FieldCodec, 'read' | 'write'>;

function valueCodec(name: string, field: AnyField, version: number, isFlexible: boolean): ValueCodec {
  const isNullable = field.nullableSince <= version;
  switch (field.type) {
    case 'int8':
      return { read: (reader) => reader.int8(), write: (writer, value) => writer.int8(value as number) };
    case 'int16':
      return { read: (reader) => reader.int16(), write: (writer, value) => writer.int16(value as number) };
    case 'int32':
      return { read: (reader) => reader.int32(), write: (writer, value) => writer.int32(value as number) };
    case 'int64':
      return { read: (reader) => reader.int64(), write: (writer, value) => writer.int64(value as number) };
    case 'bool':
      return { read: (reader) => reader.bool(), write: (writer, value) => writer.bool(value as boolean) };
    case 'string':
      return {
        read: (reader) => present(name, reader.string(isFlexible), isNullable),
        write: (writer, value) => writer.string(value as string | null, isFlexible),
      };
    case 'bytes':
      return {
        read: (reader) => present(name, reader.bytes(isFlexible), isNullable),
        write: (writer, value) => writer.bytes(value as Buffer | null, isFlexible),
      };
    case 'records':
      return {
        read: (reader) => readRecords(name, reader.bytes(isFlexible), isNullable),
        write: (writer, value) => writer.records(value as readonly Buffer[] | null, isFlexible),
      };
    case 'array':
      return arrayCodec(name, field.item as AnyField, version, isFlexible, isNullable);
    case 'struct':
      return structCodec(field.fields as Fields, version, isFlexible) as ValueCodec;
  }
}

function arrayCodec(name: string, item: AnyField, version: number, isFlexible: boolean, isNullable: boolean): ValueCodec {
  const inner = valueCodec(name, item, version, isFlexible);
  const read = (reader: Reader): unknown => {
    const length = reader.arrayLength(isFlexible);
    if (length < 0) return present(name, null, isNullable);
    const items: unknown[] = [];
    for (let i = 0; i < length; i++) items.push(inner.read(reader));
    return items;
  };
  const write = (writer: Writer, value: unknown): void => {
    const items = value as readonly unknown[] | null;
    writer.arrayLength(items === null ? -1 : items.length, isFlexible);
    if (items !== null) for (const one of items) inner.write(writer, one);
  };
  return { read, write };
}

function readRecords(name: string, bytes: Buffer | null, isNullable: boolean): readonly Buffer[] | null {
  return present(name, bytes, isNullable) === null ? null : [bytes as Buffer];
}

function present<T>(name: string, value: T | null, isNullable: boolean): T | null {
  if (value === null && !isNullable) throw new MalformedRequest(`${name} must not be null`);
  return value;
}
