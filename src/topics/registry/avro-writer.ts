import type { AvroType } from '../avro/library.ts';
import { HEADER_BYTES, writeHeader } from './format.ts';

type Writer = (type: AvroType, value: unknown, schemaId: number) => Buffer;

/** What writes whole records of the type, header included. */
export function writerOf({ typeName }: AvroType): Writer {
  return typeName === 'bytes' ? writeBytes : writeValue;
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
