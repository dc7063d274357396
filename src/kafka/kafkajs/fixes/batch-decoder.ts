import type { BatchContext, FetchedRecord, Load } from './fetch-call.ts';
import { decodeRecord, RecordCursor } from './record-decoder.ts';

interface Codec {
  decompress(bytes: Buffer): Promise<Buffer>;
}

type Decoder = object;
type DecodeMessageSet = (decoder: Decoder, size: number) => Promise<FetchedRecord[]>;

const MAGIC_AT = 16;
/** From the start of the batch to its length field's end, and to its first record. */
const PREFIX_BYTES = 12;
const HEADER_BYTES = 61;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** The record batches of one partition in a fetch answer. https://kafka.apache.org/documentation/#recordbatch */
export class BatchDecoder {
  readonly #load: Load;

  constructor(load: Load) {
    this.#load = load;
  }

  async decode(bytes: Buffer): Promise<FetchedRecord[]> {
    if (bytes.length <= MAGIC_AT) return [];
    if (isMessageSet(bytes)) return this.#decodeMessageSet(bytes);
    const records: FetchedRecord[] = [];
    for (const batch of split(bytes)) await this.#decodeBatch(batch, records);
    return records;
  }

  /** The bytes of a batch's records, as many as its head says. */
  async body(batch: Buffer): Promise<Buffer> {
    const { lookupCodecByAttributes } = this.#load('kafkajs/src/protocol/message/compression') as {
      lookupCodecByAttributes(attributes: number): Codec | null;
    };
    const codec = lookupCodecByAttributes(batch.readInt16BE(21));
    const body = batch.subarray(HEADER_BYTES);
    return codec === null || countOf(batch) <= 0 ? body : await codec.decompress(body);
  }

  /** The older formats, of brokers before 0.11, are left to kafkajs. */
  #decodeMessageSet(bytes: Buffer): Promise<FetchedRecord[]> {
    const BufferDecoder = this.#load('kafkajs/src/protocol/decoder') as new (buffer: Buffer) => Decoder;
    const decode = this.#load('kafkajs/src/protocol/messageSet/decoder') as DecodeMessageSet;
    return decode(new BufferDecoder(bytes), bytes.length);
  }

  async #decodeBatch(batch: Buffer, records: FetchedRecord[]): Promise<void> {
    const context = readContext(batch);
    const count = countOf(batch);
    const cursor = new RecordCursor(await this.body(batch));
    const base = { offset: Number(context.firstOffset), timestamp: Number(context.firstTimestamp) };
    let last = -1;
    for (let i = 0; i < count; i++) {
      const record = decodeRecord(cursor, base, context);
      last = Number(record.offset) - base.offset;
      records.push(record);
    }
    if (last < context.lastOffsetDelta) records.push(endOf(context));
  }
}

export const isMessageSet = (bytes: Buffer): boolean => bytes.length > MAGIC_AT && bytes.readInt8(MAGIC_AT) !== 2;

export const countOf = (batch: Buffer): number => batch.readInt32BE(57);

/** The whole batches in the bytes: the last one may be cut off, as the broker counts bytes, not batches. */
export function* split(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const end = at + PREFIX_BYTES + bytes.readInt32BE(at + 8);
    if (end > bytes.length) return;
    yield bytes.subarray(at, end);
    at = end;
  }
}

/** Stands for the offsets at the end of a batch whose records are gone. */
function endOf(batchContext: BatchContext): FetchedRecord {
  const { firstOffset, lastOffsetDelta, maxTimestamp, magicByte } = batchContext;
  const offset = String(Number(firstOffset) + lastOffsetDelta);
  const empty = { key: null, value: null, headers: {} };
  return { magicByte, attributes: 0, timestamp: maxTimestamp, offset, ...empty, isControlRecord: true, batchContext };
}

export function readContext(batch: Buffer): BatchContext {
  const attributes = batch.readInt16BE(21);
  return {
    firstOffset: batch.readBigInt64BE(0).toString(),
    firstTimestamp: batch.readBigInt64BE(27).toString(),
    partitionLeaderEpoch: batch.readInt32BE(12),
    inTransaction: (attributes & TRANSACTIONAL) > 0,
    isControlBatch: (attributes & CONTROL) > 0,
    lastOffsetDelta: batch.readInt32BE(23),
    producerId: batch.readBigInt64BE(43).toString(),
    producerEpoch: batch.readInt16BE(51),
    firstSequence: batch.readInt32BE(53),
    maxTimestamp: batch.readBigInt64BE(35).toString(),
    timestampType: (attributes & LOG_APPEND_TIME) > 0 ? 1 : 0,
    magicByte: 2,
  };
}
