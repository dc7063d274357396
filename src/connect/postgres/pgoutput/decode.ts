import { StreamerError } from '../../../errors.ts';
import { ByteReader } from './byte-reader.ts';
import {
  type OldTuple,
  type PgoutputMessage,
  type RelationColumn,
  type RowChange,
  type Tuple,
  type TupleValue,
  unchanged,
} from './message.ts';

/** @throws StreamerError `DECODE` for a message of a kind that protocol version 1 does not have */
export function decodeMessage(bytes: Buffer): PgoutputMessage {
  const reader = new ByteReader(bytes);
  const kind = reader.letter();
  switch (kind) {
    case 'B':
      return { kind: 'begin', commitLsn: reader.int64(), commitMicros: reader.micros(), xid: reader.uint32() };
    case 'C':
      reader.int8();
      return { kind: 'commit', commitLsn: reader.int64(), endLsn: reader.int64() };
    case 'R':
      return relation(reader, bytes);
    case 'I':
    case 'U':
    case 'D':
      return rowChange(kind, reader);
    case 'T':
      return truncate(reader);
    case 'M':
      return logicalMessage(reader);
    case 'O':
      return { kind: 'origin' };
    case 'Y':
      return { kind: 'type' };
    default:
      throw new StreamerError(
        'DECODE',
        `the replication slot gave a message of kind ${JSON.stringify(kind)}, which pgoutput 1 does not have`,
      );
  }
}

function relation(reader: ByteReader, bytes: Buffer): PgoutputMessage {
  const id = reader.uint32();
  const schema = reader.text() || 'pg_catalog';
  const table = reader.text();
  const identity = reader.letter();
  const columns: RelationColumn[] = [];
  for (let left = reader.int16(); left > 0; left--) {
    const isKey = (reader.int8() & 1) === 1;
    columns.push({ isKey, name: reader.text(), typeOid: reader.uint32(), typeModifier: reader.int32() });
  }
  return { kind: 'relation', id, schema, table, identity, columns, bytes: Buffer.from(bytes) };
}

function rowChange(kind: 'I' | 'U' | 'D', reader: ByteReader): RowChange {
  const relation = reader.uint32();
  const part = reader.letter();
  if (kind === 'I') return { kind: 'insert', relation, new: tuple(reader) };
  const old = part === 'K' || part === 'O' ? oldTuple(part, reader) : undefined;
  if (kind === 'D') return { kind: 'delete', relation, old };
  // The letter N stands before the new tuple.
  if (old !== undefined) reader.letter();
  return { kind: 'update', relation, old, new: tuple(reader) };
}

function oldTuple(part: 'K' | 'O', reader: ByteReader): OldTuple {
  return { of: part === 'K' ? 'key' : 'row', tuple: tuple(reader) };
}

function tuple(reader: ByteReader): Tuple {
  const values: TupleValue[] = new Array(reader.int16());
  for (let index = 0; index < values.length; index++) {
    const kind = reader.letter();
    if (kind === 'n') values[index] = null;
    else if (kind === 'u') values[index] = unchanged;
    else if (kind === 't') values[index] = reader.sizedText();
    else throw new StreamerError('DECODE', `the replication slot gave a value of kind ${JSON.stringify(kind)}: only text was asked for`);
  }
  return values;
}

function truncate(reader: ByteReader): PgoutputMessage {
  const count = reader.int32();
  reader.int8();
  return { kind: 'truncate', relations: Array.from({ length: count }, () => reader.uint32()) };
}

function logicalMessage(reader: ByteReader): PgoutputMessage {
  const isTransactional = reader.int8() === 1;
  return { kind: 'message', isTransactional, lsn: reader.int64(), prefix: reader.text(), content: reader.sizedBytes() };
}
