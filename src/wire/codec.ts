import { MalformedMessage } from './error-code.ts';
import type { AnyField, Decoded, Draft, Fields, ScalarType } from './field.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** Decoder and encoder of one message in one version. */
export interface Codec<F extends Fields> {
  decode(reader: Reader): Decoded<F>;
  encode(writer: Writer, value: Draft<F>): void;
}

/** Declared as methods, so that the codec of one type stands where any is expected; the tables keep the types apart. */
interface ValueCodec<T> {
  read(reader: Reader): T;
  write(writer: Writer, value: T): void;
}

type Struct = Record<string, unknown>;

interface FieldCodec extends ValueCodec<unknown> {
  readonly name: string;
  readonly fallback: unknown;
}

interface TaggedCodec extends FieldCodec {
  readonly tag: number;
}

/** The form of one version: flexible ones have compact lengths and tagged fields. */
interface Format {
  readonly version: number;
  readonly isFlexible: boolean;
}

/**
 * Reads the table of a message for one version. Flexible versions have compact lengths and tagged fields
 * (KIP-482, https://cwiki.apache.org/confluence/display/KAFKA/KIP-482).
 */
export function codec<F extends Fields>(fields: F, version: number, isFlexible: boolean): Codec<F> {
  const { read, write } = structCodec(fields, { version, isFlexible });
  // The table describes both forms; TypeScript cannot follow it from here on.
  return { decode: (reader) => read(reader) as Decoded<F>, encode: (writer, value) => write(writer, value) };
}

function structCodec(fields: Fields, format: Format): ValueCodec<Struct> {
  const ordered: FieldCodec[] = [];
  const tagged: TaggedCodec[] = [];
  const unread: FieldCodec[] = [];
  for (const [name, field] of Object.entries(fields)) {
    const one = { name, fallback: field.fallback, ...valueCodec(name, field, format) };
    const isPresent = field.since <= format.version && format.version <= field.until;
    if (isPresent && field.tag === undefined) ordered.push(one);
    else unread.push(one);
    if (isPresent && field.tag !== undefined) tagged.push({ ...one, tag: field.tag });
  }
  tagged.sort((a, b) => a.tag - b.tag);

  const read = (reader: Reader): Struct => {
    const value: Struct = {};
    for (const field of ordered) value[field.name] = field.read(reader);
    for (const field of unread) value[field.name] = field.fallback;
    if (format.isFlexible) readTagged(reader, tagged, value);
    return value;
  };
  const write = (writer: Writer, value: Struct): void => {
    for (const field of ordered) field.write(writer, valueOf(field, value));
    if (format.isFlexible) writeTagged(writer, tagged, value);
  };
  return { read, write };
}

function valueOf(field: FieldCodec, struct: Struct): unknown {
  const value = struct[field.name];
  return value === undefined ? field.fallback : value;
}

function readTagged(reader: Reader, tagged: readonly TaggedCodec[], value: Struct): void {
  reader.taggedFields((tag, content) => {
    const field = tagged.find((known) => known.tag === tag);
    if (field !== undefined) value[field.name] = field.read(content);
  });
}

/** A tagged field with its default value is left out. */
function writeTagged(writer: Writer, tagged: readonly TaggedCodec[], value: Struct): void {
  const given = tagged.filter(({ name, fallback }) => value[name] !== undefined && !isSame(value[name], fallback));
  writer.uvarint(given.length);
  for (const field of given) writer.taggedField(field.tag, (content) => field.write(content, value[field.name]));
}

/** Values of tagged fields: scalars, lists, and structs of scalars. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && a.length === 0 && b.length === 0;
  const other = new Map<string, unknown>(Object.entries(b));
  return Object.entries(a).every(([name, value]) => isSame(value, other.get(name)));
}

/** Types that begin with their length, which is -1 for null. */
const LENGTHS = {
  string: (compact: boolean): ValueCodec<string | null> => ({
    read: (reader) => reader.string(compact),
    write: (writer, value) => writer.string(value, compact),
  }),
  bytes: (compact: boolean): ValueCodec<Buffer | null> => ({
    read: (reader) => reader.bytes(compact),
    write: (writer, value) => writer.bytes(value, compact),
  }),
  records: (compact: boolean): ValueCodec<readonly Buffer[] | null> => ({
    read: (reader) => {
      const bytes = reader.bytes(compact);
      return bytes && [bytes];
    },
    write: (writer, value) => writer.records(value, compact),
  }),
} as const;

const SCALARS: Readonly<Record<Exclude<ScalarType, keyof typeof LENGTHS>, ValueCodec<unknown>>> = {
  int8: { read: (reader: Reader) => reader.int8(), write: (writer: Writer, value: number) => writer.int8(value) },
  int16: { read: (reader: Reader) => reader.int16(), write: (writer: Writer, value: number) => writer.int16(value) },
  int32: { read: (reader: Reader) => reader.int32(), write: (writer: Writer, value: number) => writer.int32(value) },
  int64: { read: (reader: Reader) => reader.int64(), write: (writer: Writer, value: number) => writer.int64(value) },
  bool: { read: (reader: Reader) => reader.bool(), write: (writer: Writer, value: boolean) => writer.bool(value) },
  uuid: { read: (reader: Reader) => reader.uuid(), write: (writer: Writer, value: string) => writer.uuid(value) },
};

function valueCodec(name: string, field: AnyField, format: Format): ValueCodec<unknown> {
  const isNullable = field.nullableSince <= format.version;
  switch (field.type) {
    case 'string':
    case 'bytes':
    case 'records':
      return nullableCodec(name, LENGTHS[field.type](format.isFlexible), isNullable);
    case 'array':
      return nullableCodec(name, arrayCodec(name, field.item, format), isNullable);
    case 'struct':
      return isNullable ? nullableStruct(structCodec(field.fields, format)) : structCodec(field.fields, format);
    default:
      return SCALARS[field.type];
  }
}

function arrayCodec(name: string, item: AnyField, format: Format): ValueCodec<readonly unknown[] | null> {
  const inner = valueCodec(name, item, format);
  const compact = format.isFlexible;
  const read = (reader: Reader): unknown[] | null => {
    const length = reader.arrayLength(compact);
    if (length < 0) return null;
    const items: unknown[] = [];
    for (let i = 0; i < length; i++) items.push(inner.read(reader));
    return items;
  };
  const write = (writer: Writer, value: readonly unknown[] | null): void => {
    writer.arrayLength(value === null ? -1 : value.length, compact);
    if (value !== null) for (const one of value) inner.write(writer, one);
  };
  return { read, write };
}

function nullableCodec(name: string, { read, write }: ValueCodec<unknown>, isNullable: boolean): ValueCodec<unknown> {
  if (isNullable) return { read, write };
  const readPresent = (reader: Reader): unknown => {
    const value = read(reader);
    if (value === null) throw new MalformedMessage(`${name} must not be null`);
    return value;
  };
  return { read: readPresent, write };
}

/** A byte says whether the struct is there. */
function nullableStruct({ read, write }: ValueCodec<Struct>): ValueCodec<Struct | null> {
  return {
    read: (reader) => (reader.int8() < 0 ? null : read(reader)),
    write: (writer, value) => {
      writer.int8(value === null ? -1 : 1);
      if (value !== null) write(writer, value);
    },
  };
}
