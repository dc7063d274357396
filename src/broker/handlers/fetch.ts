import type { Request, Response } from '../../wire/api.ts';
import { fetch } from '../../wire/apis/data.ts';
import { ErrorCode } from '../../wire/error-code.ts';
import { readHeader } from '../../wire/record-batch.ts';
import type { Partition } from '../catalog/partition.ts';
import { endOffsetOf } from '../log/batch-run.ts';
import { type Context, failureOf, handler, serve } from './handler.ts';
import { ledPartition } from './led-partition.ts';
import { endFor, READ_COMMITTED } from './offsets.ts';
import { Wait } from './wait.ts';

const FETCH = serve(
  fetch,
  [4, 13],
  [
    'no fetch sessions: a session id is answered with FETCH_SESSION_ID_NOT_FOUND',
    'answers up to 57,671,680 bytes',
    'only leaders are read',
  ],
);

/** Topics by id (KIP-516). */
const BY_ID_SINCE = 13;

type FetchRequest = Request<typeof fetch>;
type FetchResponse = Response<typeof fetch>;
type Wanted = FetchRequest['topics'][number]['partitions'][number];

/** The most that an answer holds, also if the client allows more: it is built in memory. As Kafka's `fetch.max.bytes`. */
const MOST_BYTES = 57_671_680;

interface Collected {
  readonly response: FetchResponse;
  readonly bytes: number;
  readonly hasError: boolean;
}

/** Answers when `minBytes` are there, when a partition has an error, or when `maxWaitMs` have passed. */
export const handleFetch = handler(FETCH, async (request, context) => {
  if (request.sessionId !== 0 || request.sessionEpoch > 0) return failed(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
  const asked = context.version < BY_ID_SINCE ? request : withNames(request, context);
  const first = await collect(asked, context);
  return isEnough(first, asked) ? first.response : waitForMore(asked, context);
});

/** An id that is not known stands for no name. */
function withNames(request: FetchRequest, { cluster }: Context): FetchRequest {
  const topics = request.topics.map((topic) => ({ ...topic, name: cluster.topics.withId(topic.topicId)?.name ?? '' }));
  return { ...request, topics };
}

/** What was collected is dropped before each wait: a client may wait long, for more bytes than will ever come. */
async function waitForMore(request: FetchRequest, context: Context): Promise<FetchResponse> {
  const wait = new Wait(request.maxWaitMs, context.signal);
  const unwatch = partitionsOf(request, context).map((partition) => partition.watch(wait.wake));
  try {
    // Once more before the first wait: what came between the first look and the watch would wake nobody.
    let enough = await collectEnough(request, context);
    while (enough === undefined && (await wait.next())) enough = await collectEnough(request, context);
    return enough ?? (await collect(request, context)).response;
  } finally {
    for (const stop of unwatch) stop();
    wait.end();
  }
}

async function collectEnough(request: FetchRequest, context: Context): Promise<FetchResponse | undefined> {
  const collected = await collect(request, context);
  return isEnough(collected, request) ? collected.response : undefined;
}

function isEnough({ bytes, hasError }: Collected, { minBytes, maxWaitMs }: FetchRequest): boolean {
  return hasError || bytes >= minBytes || maxWaitMs <= 0;
}

async function collect(request: FetchRequest, context: Context): Promise<Collected> {
  const sum = { bytes: 0, hasError: false };
  const limit = Math.min(request.maxBytes, MOST_BYTES, context.cluster.answerMemory.freeBytes);
  const topics = [];
  for (const topic of request.topics) {
    const partitions = [];
    for (const wanted of topic.partitions) partitions.push(await readPartition(request, topic.name, wanted, context, limit, sum));
    topics.push({ name: topic.name, topicId: topic.topicId, partitions });
  }
  return { response: { topics, errorCode: ErrorCode.NONE, sessionId: 0 }, ...sum };
}

async function readPartition(
  request: FetchRequest,
  topic: string,
  wanted: Wanted,
  context: Context,
  limit: number,
  sum: { bytes: number; hasError: boolean },
) {
  try {
    const partition = ledPartition(context, topic, wanted.index, wanted.currentLeaderEpoch);
    const upTo = endFor(partition, request.isolationLevel);
    const reading = partition.read(wanted.fetchOffset, Math.min(wanted.maxBytes, limit - sum.bytes), sum.bytes === 0, upTo);
    const records = reading instanceof Promise ? await reading : reading;
    for (const batch of records) sum.bytes += batch.length;
    const { startOffset, endOffset } = partition.log;
    return {
      index: wanted.index,
      errorCode: ErrorCode.NONE,
      highWatermark: endOffset,
      lastStableOffset: partition.lastStableOffset,
      logStartOffset: startOffset,
      abortedTransactions: request.isolationLevel === READ_COMMITTED ? abortedIn(partition, records) : null,
      records,
    };
  } catch (error) {
    sum.hasError = true;
    const errorCode = topic === '' && context.version >= BY_ID_SINCE ? ErrorCode.UNKNOWN_TOPIC_ID : failureOf(error).errorCode;
    return { index: wanted.index, errorCode, highWatermark: -1, records: [] };
  }
}

/** The aborted transactions within these batches: a reader of committed records leaves them out. */
function abortedIn(partition: Partition, records: readonly Buffer[]) {
  const first = records[0];
  const last = records.at(-1);
  if (first === undefined || last === undefined) return [];
  return partition.abortedWithin(readHeader(first).baseOffset, endOffsetOf(last));
}

function partitionsOf(request: FetchRequest, { cluster }: Context): Partition[] {
  return request.topics.flatMap(({ name, partitions }) =>
    partitions.flatMap(({ index }) => cluster.topics.get(name)?.partitions[index] ?? []),
  );
}

function failed(errorCode: number): FetchResponse {
  return { errorCode, sessionId: 0, topics: [] };
}
