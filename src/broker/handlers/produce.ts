import type { Request, Response } from '../../wire/api.ts';
import { produce } from '../../wire/apis/data.ts';
import { loadCodec } from '../../wire/compression/codecs.ts';
import { Compression } from '../../wire/compression/compression.ts';
import { ErrorCode, Refusal } from '../../wire/error-code.ts';
import { compressionAt, compressionOf, isTransactional, type RecordBatch, readBatch } from '../../wire/record-batch.ts';
import type { Partition } from '../catalog/partition.ts';
import { type Context, failureOf, handler, serve } from './handler.ts';
import { ledPartition } from './led-partition.ts';

const PRODUCE = serve(
  produce,
  [3, 9],
  [
    'record format 2, one batch for each partition',
    'acks -1, 0 or 1',
    'zstd from version 7 on',
    "batches up to the topic's `max.message.bytes`",
  ],
);

type ProduceRequest = Request<typeof produce>;
type PartitionAnswer = Response<typeof produce>['topics'][number]['partitions'][number];
type PartitionData = ProduceRequest['topics'][number]['partitions'][number];

const ZSTD_SINCE = 7;

interface Written {
  readonly answer: PartitionAnswer;
  readonly flushed?: Promise<void> | undefined;
}

export const handleProduce = handler(PRODUCE, async (request, context) => {
  const now = context.cluster.clock.now();
  const loading = loadCodecsFor(request, context);
  if (loading.length > 0) await Promise.all(loading);
  // All are appended before any is waited for, so that one flush of the storage serves them together.
  const written = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((data) => append(request, name, data, context, now)),
  }));
  const topics = [];
  for (const { name, partitions } of written) topics.push({ name, partitions: await acknowledge(partitions) });
  return request.acks === 0 ? undefined : { topics };
});

/** The codecs of the batches and of their topics that are not loaded yet. */
function loadCodecsFor({ topics }: ProduceRequest, { cluster }: Context): Promise<void>[] {
  return topics.flatMap(({ name, partitions }) => {
    const target = cluster.topics.get(name)?.config.compression ?? Compression.NONE;
    const sources = partitions.flatMap(({ records }) => (records ?? []).map(compressionAt));
    return [target, ...sources].flatMap((compression) => loadCodec(compression) ?? []);
  });
}

function append(request: ProduceRequest, topic: string, data: PartitionData, context: Context, now: number): Written {
  const { index, records } = data;
  try {
    checkRequest(request);
    const partition = ledPartition(context, topic, index, -1);
    const bytes = records?.[0];
    if (bytes === undefined || bytes.length === 0) throw new Refusal('INVALID_RECORD', 'there are no records');
    const batch = readBatch(bytes);
    checkCompression(batch, context.version);
    if (isTransactional(batch)) checkTransaction(request, batch, partition, context);
    return appendTo(partition, batch, now);
  } catch (error) {
    return { answer: refused(index, error) };
  }
}

/** Errors that Kafka answers without a look at the log; with others it says where the log starts. */
const WITHOUT_START: readonly number[] = [ErrorCode.MESSAGE_TOO_LARGE, ErrorCode.CORRUPT_MESSAGE, ErrorCode.KAFKA_STORAGE_ERROR];

function appendTo(partition: Partition, batch: RecordBatch, now: number): Written {
  const { index, log } = partition;
  try {
    const { flushed, ...appended } = partition.append(batch, now);
    return { answer: { index, errorCode: ErrorCode.NONE, ...appended, logStartOffset: log.startOffset }, flushed };
  } catch (error) {
    const answer = refused(index, error);
    return { answer: WITHOUT_START.includes(answer.errorCode) ? answer : { ...answer, logStartOffset: log.startOffset } };
  }
}

/** Waits only where the storage asks for it, so that memory answers in the same tick. */
async function acknowledge(written: readonly Written[]): Promise<PartitionAnswer[]> {
  const answers: PartitionAnswer[] = [];
  for (const { answer, flushed } of written) {
    const failure = flushed && (await flushed.catch((error: unknown) => refused(answer.index, error)));
    answers.push(failure ?? answer);
  }
  return answers;
}

function refused(index: number, error: unknown): PartitionAnswer {
  return { index, ...failureOf(error), baseOffset: -1 };
}

function checkRequest({ acks }: ProduceRequest): void {
  if (acks < -1 || acks > 1) throw new Refusal('INVALID_REQUIRED_ACKS', `acks ${acks} is none of -1, 0, 1`);
}

function checkTransaction(
  { transactionalId }: ProduceRequest,
  batch: RecordBatch,
  { topic, index }: Partition,
  { cluster }: Context,
): void {
  if (transactionalId === null) {
    throw new Refusal('TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'records of a transaction need its id in the request');
  }
  const { producerId, producerEpoch } = batch;
  cluster.transactions.checkWrite({ transactionalId, producerId, producerEpoch }, topic.name, index);
}

/** Clients of the time before Produce version 7 cannot read zstd, so it may not be written by them either (KIP-110). */
function checkCompression(batch: RecordBatch, version: number): void {
  if (version < ZSTD_SINCE && compressionOf(batch) === Compression.ZSTD) {
    throw new Refusal('UNSUPPORTED_COMPRESSION_TYPE', `zstd may not be written by Produce version ${version}`);
  }
}
