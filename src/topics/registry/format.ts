import type { SchemaText, SerdeContext } from '../serde.ts';
import type { Registry, SchemaKind } from './registry.ts';

/** How a kind of schema writes and reads values, behind Confluent's header. */
export interface Format<In, Out> {
  /** For messages, as `avro.confluent`. */
  readonly name: string;
  readonly type: SchemaKind;
  /** The schema as it is registered. */
  readonly schema: string;
  /** Texts of all the schemas that it refers to, each after those that it refers to itself. */
  readonly referenced?: readonly string[];
  /** Those that it refers to by name, and the subjects where they are registered. */
  readonly references?: readonly FormatReference[];
  /** Full name of what the schema describes, for subjects that are named after it. */
  readonly record: string | undefined;
  /** The whole record, header included. */
  write(value: In, schemaId: number, context: SerdeContext): Buffer | Promise<Buffer>;
  /** Returns a reader for records that were written with this schema. @throws SerdeError `DECODE` when they cannot be read at all */
  readerOf(registry: Registry, schemaId: number, context: SerdeContext): Promise<RecordReader<Out>>;
  /** Lists the fields of the writer's records that the reader cannot read. */
  obstacles(reader: SchemaText, writer: SchemaText): string[];
  /** Lists how this schema differs from an older one. */
  differences(older: SchemaText): string[];
}

export interface FormatReference {
  /** As the schema that refers to it writes it in full. */
  readonly name: string;
  readonly subject: string;
  readonly format: Format<never, unknown>;
}

/** Reads a whole record, header included. */
export type RecordReader<Out> = (bytes: Buffer, context: SerdeContext) => Out | Promise<Out>;

/** Confluent's wire format: a zero byte, the schema's id in 4 bytes, big-endian; then what the schema describes. */
export const HEADER_BYTES = 5;

export function writeHeader(bytes: Buffer, schemaId: number): void {
  bytes[0] = 0;
  bytes.writeUInt32BE(schemaId, 1);
}

/** Of bytes that are long enough: `readUInt32BE` checks that once more. */
export function readSchemaId(bytes: Buffer): number {
  return ((bytes[1]! << 24) | (bytes[2]! << 16) | (bytes[3]! << 8) | bytes[4]!) >>> 0;
}
