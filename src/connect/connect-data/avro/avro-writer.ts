import { StreamerError } from '../../../errors.ts';
import type { ConnectSchema, ConnectValue } from '../schema.ts';
import { bytesOf, entriesOf, fieldsOf, itemsOf, listOf, mapValuesOf, numberOf, textOf } from '../value.ts';
import type { AvroBytes } from './avro-bytes.ts';

/** Writes a value of one schema in Avro's binary encoding. */
export type AvroWriter = (value: ConnectValue | undefined, into: AvroBytes) => void;

const cache = new WeakMap<ConnectSchema, AvroWriter>();

/** Returns a writer for values of a schema, whose Avro schema is that of `toAvro`. A null is written as the schema's default where it has one. */
export function avroWriter(schema: ConnectSchema): AvroWriter {
  let writer = cache.get(schema);
  if (writer === undefined) {
    writer = withNull(schema, writerOf(schema));
    cache.set(schema, writer);
  }
  return writer;
}

function withNull(schema: ConnectSchema, write: (value: ConnectValue, into: AvroBytes) => void): AvroWriter {
  const byDefault = schema.default ?? null;
  // The branch of the default comes first.
  const [nullBranch, ownBranch] = byDefault === null ? [0, 1] : [1, 0];
  return (value, into) => {
    const present = value ?? byDefault;
    if (present === null) {
      if (!schema.optional)
        throw new StreamerError('USAGE', `a null has no form in the Avro schema of ${schema.name ?? `a required ${schema.type}`}`);
      into.long(nullBranch);
      return;
    }
    if (schema.optional) into.long(ownBranch);
    write(present, into);
  };
}

function writerOf(schema: ConnectSchema): (value: ConnectValue, into: AvroBytes) => void {
  switch (schema.type) {
    case 'string':
      return (value, into) => into.string(textOf(value));
    case 'bytes':
      return (value, into) => into.bytes(bytesOf(value));
    case 'boolean':
      return (value, into) => into.boolean(value === true);
    case 'double':
      return (value, into) => into.double(numberOf(value));
    case 'float':
      return (value, into) => into.float(numberOf(value));
    case 'array':
      return arrayWriter(avroWriter(itemsOf(schema)));
    case 'map':
      return mapWriter(avroWriter(mapValuesOf(schema)));
    case 'struct':
      return structWriter(schema);
    default:
      return (value, into) => into.long(typeof value === 'bigint' ? value : numberOf(value));
  }
}

function arrayWriter(item: AvroWriter): (value: ConnectValue, into: AvroBytes) => void {
  return (value, into) => {
    const items = listOf(value);
    if (items.length > 0) into.long(items.length);
    for (const each of items) item(each, into);
    into.long(0);
  };
}

function mapWriter(write: AvroWriter): (value: ConnectValue, into: AvroBytes) => void {
  return (value, into) => {
    const entries = entriesOf(value);
    if (entries.size > 0) into.long(entries.size);
    for (const [key, each] of entries) {
      into.string(key);
      write(each, into);
    }
    into.long(0);
  };
}

function structWriter(schema: ConnectSchema): (value: ConnectValue, into: AvroBytes) => void {
  const fields = fieldsOf(schema).map((field) => avroWriter(field.schema));
  return (value, into) => {
    const values = listOf(value);
    fields.forEach((write, at) => {
      write(values[at], into);
    });
  };
}
