import { crc32 } from 'node:zlib';
import { encodeBatch } from './batch-encoder.ts';
import { codecOf } from './compression/codecs.ts';
import { COMPRESSION_MASK, Compression } from './compression/compression.ts';
import { CompressionError } from './compression/compression-error.ts';
import type { ExpansionLimits } from './expansion.ts';
import { HEADER_BYTES } from './record-batch.ts';
import type { OpenBatch } from './record-reader.ts';
import { UnreadableBatch } from './unreadable.ts';

/**
 * A message of format 0 or 1 (https://kafka.apache.org/documentation/#messageset), which brokers before Kafka 0.11 wrote: logs
 * that are older hold them still. A compressed one wraps others.
 */
export interface OldMessage {
  /** Of a wrapper: that of its last message. */
  readonly offset: number;
  /** From the checksum on. */
  readonly bytes: Buffer;
}

/** Offset and size. */
const PREFIX_BYTES = 12;
const MAGIC_AT = 4;
const ATTRIBUTES_AT = 5;
const TIMESTAMP_AT = 6;
const LOG_APPEND_TIME = 0x08;
const NO_OWNER = { producerId: -1, producerEpoch: -1, firstSequence: -1 };

/** The message that begins at `at`; undefined when it is cut off. */
export function oldMessageAt(bytes: Buffer, at: number): OldMessage | undefined {
  if (at + PREFIX_BYTES > bytes.length) return undefined;
  const end = at + PREFIX_BYTES + bytes.readInt32BE(at + 8);
  if (end < at + PREFIX_BYTES + TIMESTAMP_AT || end > bytes.length) return undefined;
  return { offset: Number(bytes.readBigInt64BE(at)), bytes: bytes.subarray(at + PREFIX_BYTES, end) };
}

/** Bytes that the message takes in the log. */
export const sizeOfOld = ({ bytes }: OldMessage): number => PREFIX_BYTES + bytes.length;

export const compressionOfOld = ({ bytes }: OldMessage): number => bytes.readInt8(ATTRIBUTES_AT) & COMPRESSION_MASK;

/**
 * The messages as batches of one record each, in the form that readers take.
 *
 * @throws UnreadableBatch
 */
export function openOld(message: OldMessage, limits: ExpansionLimits): OpenBatch[] {
  const { bytes, offset } = message;
  if (bytes.readUInt32BE(0) !== crc32(bytes.subarray(MAGIC_AT))) throw new UnreadableBatch(offset, 'the checksum does not fit its bytes');
  const magic = bytes.readInt8(MAGIC_AT);
  if (magic !== 0 && magic !== 1) throw new UnreadableBatch(offset, `it has record format ${magic}, which is not known`);
  const hasAppendTime = magic === 1 && (bytes.readInt8(ATTRIBUTES_AT) & LOG_APPEND_TIME) !== 0;
  const timestamp = magic === 1 ? Number(bytes.readBigInt64BE(TIMESTAMP_AT)) : -1;
  const { key, value } = fieldsOf(message, magic === 1 ? TIMESTAMP_AT + 8 : TIMESTAMP_AT);
  if (compressionOfOld(message) === Compression.NONE) {
    const body = encodeBatch([{ key, value, timestamp }], NO_OWNER, () => {}).subarray(HEADER_BYTES);
    return [
      {
        body,
        count: 1,
        firstOffset: offset,
        firstTimestamp: timestamp,
        appendedAt: hasAppendTime ? timestamp : undefined,
        unreadable: undefined,
        explain: undefined,
      },
    ];
  }
  const wrapped = unwrapped(message, value, limits).flatMap((inner) => openOld(inner, limits));
  // In format 1 the wrapped ones count from zero, and the wrapper has the offset of the last.
  const shift = magic === 1 ? offset - (wrapped.at(-1)?.firstOffset ?? 0) : 0;
  return wrapped.map((one) => ({
    ...one,
    firstOffset: one.firstOffset + shift,
    appendedAt: hasAppendTime ? timestamp : one.appendedAt,
  }));
}

function fieldsOf({ bytes, offset }: OldMessage, start: number): { key: Buffer | null; value: Buffer | null } {
  let at = start;
  const next = (): Buffer | null => {
    const length = at + 4 <= bytes.length ? bytes.readInt32BE(at) : Number.NaN;
    const from = at + 4;
    at = from + Math.max(0, length);
    if (!(at <= bytes.length)) throw new UnreadableBatch(offset, 'its message is cut off');
    return length < 0 ? null : bytes.subarray(from, at);
  };
  return { key: next(), value: next() };
}

function unwrapped(message: OldMessage, value: Buffer | null, limits: ExpansionLimits): OldMessage[] {
  try {
    const bytes = codecOf(compressionOfOld(message)).decompress(value ?? Buffer.alloc(0), limits.maxBatchBytes);
    limits.leftBytes -= bytes.length;
    const inner: OldMessage[] = [];
    for (let at = 0; at < bytes.length; at += sizeOfOld(inner.at(-1) ?? message)) {
      const one = oldMessageAt(bytes, at);
      if (one === undefined) throw new UnreadableBatch(message.offset, 'a message that it wraps is cut off');
      if (compressionOfOld(one) !== Compression.NONE) throw new UnreadableBatch(message.offset, 'it wraps a message that wraps others');
      inner.push(one);
    }
    return inner;
  } catch (error) {
    throw error instanceof CompressionError ? new UnreadableBatch(message.offset, error.message, error) : error;
  }
}
