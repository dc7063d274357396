import { createRequire } from 'node:module';
import type { KafkaRecords } from '../client.ts';
import { MadeRecords } from '../records.ts';
import type { Broker } from './cluster.ts';
import { FetchedRecords, type RawBatch } from './fetched-records.ts';
import { BatchDecoder, countOf, isMessageSet, readContext, split } from './fixes/batch-decoder.ts';
import { decodeFetch } from './fixes/decoder.ts';
import type { AbortedTransaction, BatchContext, FetchAnswer, FetchedRecord } from './fixes/fetch-call.ts';
import { RecordCursor } from './fixes/record-decoder.ts';
import { toRecord } from './records.ts';

const API_KEY = 1;
/** The oldest answer with a list of aborted transactions, which is where record batches begin. */
const OLDEST = 4;
/** A control record's key is its version and its type, two bytes each; type 0 is an abort, 1 a commit. */
const ABORT = 0;

/** Stands, among what kafkajs takes for a partition's records, for all of them. */
interface Carrier extends FetchedRecord {
  readonly carried: FetchedRecords;
}

const batches = new BatchDecoder(createRequire(import.meta.url));

/** Has fetches from this broker answered with a single record for each partition, which carries all the others unread. */
export function fetchLazily({ connectionPool }: Broker): void {
  const send = connectionPool.send.bind(connectionPool);
  connectionPool.send = (call) => {
    const { apiKey, apiVersion } = call.request;
    if (apiKey !== API_KEY || apiVersion < OLDEST) return send(call);
    const decode = (raw: Buffer) => decodeLazily(raw, apiVersion) as never;
    return send({ ...call, response: { ...call.response, decode } });
  };
}

/** The records that a batch of kafkajs's stands for, from the offset that was asked for. */
export function recordsOf(batch: { readonly messages: readonly object[]; readonly fetchedOffset: string }): KafkaRecords {
  const carrier = batch.messages[0] as Carrier | undefined;
  if (carrier?.carried === undefined) return new MadeRecords((batch.messages as FetchedRecord[]).map(toRecord as never));
  carrier.carried.skipTo(Number(batch.fetchedOffset));
  return carrier.carried;
}

/** The aborted ones are left out here already, so kafkajs is not told of them: it would look for them among carriers. */
export async function decodeLazily(raw: Buffer, version: number): Promise<FetchAnswer> {
  const answer = await decodeFetch(raw, version, carry);
  const responses = answer.responses.map(({ topicName, partitions }) => ({
    topicName,
    partitions: partitions.map((partition) => ({ ...partition, abortedTransactions: [] })),
  }));
  return { ...answer, responses };
}

/**
 * The carrier has the last offset that was read, control records, aborted ones and what compaction took included: kafkajs
 * goes on behind it. Whether there is anything to see is known only when the records are taken.
 */
async function carry(bytes: Buffer, aborted: readonly AbortedTransaction[]): Promise<FetchedRecord[]> {
  if (isMessageSet(bytes)) return batches.decode(bytes);
  const visible: RawBatch[] = [];
  const filter = new AbortedBatches(aborted);
  let end: BatchContext | undefined;
  for (const batch of split(bytes)) {
    const context = readContext(batch);
    const raw = toRawBatch(await batches.body(batch), countOf(batch), context);
    end = context;
    if (!filter.hides(context, raw) && raw.count > 0) visible.push(raw);
  }
  return end === undefined ? [] : [createCarrier(end, new FetchedRecords(visible))];
}

function createCarrier(batchContext: BatchContext, carried: FetchedRecords): Carrier {
  const { firstOffset, lastOffsetDelta, maxTimestamp: timestamp } = batchContext;
  const offset = String(Number(firstOffset) + lastOffsetDelta);
  return { offset, timestamp, key: null, value: null, headers: {}, isControlRecord: false, carried };
}

function toRawBatch(body: Buffer, count: number, context: BatchContext): RawBatch {
  checkLengths(body, count, context.firstOffset);
  return {
    body,
    count: Math.max(0, count),
    firstOffset: Number(context.firstOffset),
    firstTimestamp: Number(context.firstTimestamp),
    appendedAt: context.timestampType === 1 ? Number(context.maxTimestamp) : undefined,
  };
}

/** A batch that does not hold what its head says is found here, where the fetch fails with it and is repeated. */
function checkLengths(body: Buffer, count: number, firstOffset: string): void {
  const cursor = new RecordCursor(body);
  for (let i = 0; i < count; i++) {
    const length = cursor.varint();
    cursor.at += length;
    if (length < 0 || cursor.at > body.length) throw new Error(`a record of the batch at offset ${firstOffset} is cut off`);
  }
}

/**
 * Which batches are not for the reader: control batches, and those of transactions that were aborted. The broker lists the
 * latter in the order of their ends; one begins at its first offset and ends at its producer's abort marker.
 */
class AbortedBatches {
  readonly #starts: Array<{ readonly producerId: string; readonly firstOffset: number }>;
  readonly #aborting = new Set<string>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#starts = aborted
      .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: Number(firstOffset) }))
      .sort((a, b) => b.firstOffset - a.firstOffset);
  }

  hides({ producerId, inTransaction, isControlBatch }: BatchContext, { body, count, firstOffset }: RawBatch): boolean {
    for (let start = this.#starts.at(-1); start !== undefined && start.firstOffset <= firstOffset; start = this.#starts.at(-1)) {
      this.#aborting.add(start.producerId);
      this.#starts.pop();
    }
    if (!isControlBatch) return inTransaction && this.#aborting.has(producerId);
    if (count > 0 && typeOf(body) === ABORT) this.#aborting.delete(producerId);
    return true;
  }
}

function typeOf(body: Buffer): number {
  const cursor = new RecordCursor(body);
  cursor.varint();
  cursor.at++;
  cursor.varint();
  cursor.varint();
  const key = cursor.slice();
  return key !== null && key.length >= 4 ? key.readInt16BE(2) : -1;
}
