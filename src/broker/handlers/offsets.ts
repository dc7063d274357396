import type { Request } from '../../wire/api.ts';
import { deleteRecords, listOffsets, offsetForLeaderEpoch } from '../../wire/apis/data.ts';
import { loadCodecs } from '../../wire/compression/codecs.ts';
import { ErrorCode, Refusal } from '../../wire/error-code.ts';
import { LEADER_EPOCH, type Partition } from '../catalog/partition.ts';
import { type Context, failureOf, handler, serve } from './handler.ts';
import { ledPartition } from './led-partition.ts';

const LIST_OFFSETS = serve(listOffsets, [1, 7], ['times, and -1 (latest), -2 (earliest), from version 7 on -3 (greatest timestamp)']);
const DELETE_RECORDS = serve(deleteRecords, [0, 2]);
const OFFSET_FOR_LEADER_EPOCH = serve(offsetForLeaderEpoch, [2, 4], ['one leader epoch, which never changes']);

const LATEST = -1;
const EARLIEST = -2;
const MAX_TIMESTAMP = -3;
/** KIP-734. */
const MAX_TIMESTAMP_SINCE = 7;
export const READ_COMMITTED = 1;

type Asked = Request<typeof listOffsets>['topics'][number]['partitions'][number];

export const handleListOffsets = handler(LIST_OFFSETS, async (request, context) => {
  // A time may be that of a record within a compressed batch.
  if (request.topics.some(({ partitions }) => partitions.some(({ timestamp }) => timestamp >= 0 || timestamp === MAX_TIMESTAMP)))
    await loadCodecs();
  return {
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((asked) => listOffset(name, asked, request.isolationLevel, context)),
    })),
  };
});

function listOffset(topic: string, asked: Asked, isolationLevel: number, context: Context) {
  const { index } = asked;
  try {
    const partition = ledPartition(context, topic, index, asked.currentLeaderEpoch);
    if (asked.timestamp === MAX_TIMESTAMP && context.version < MAX_TIMESTAMP_SINCE)
      throw new Refusal('UNSUPPORTED_VERSION', `ListOffsets version ${context.version} does not ask for the greatest timestamp`);
    const found = findOffset(partition, asked.timestamp, endFor(partition, isolationLevel));
    return { index, errorCode: ErrorCode.NONE, ...found, leaderEpoch: found.offset < 0 ? -1 : LEADER_EPOCH };
  } catch (error) {
    return { index, errorCode: failureOf(error).errorCode };
  }
}

/** As far as the client reads. */
export function endFor({ log, lastStableOffset }: Partition, isolationLevel: number): number {
  return isolationLevel === READ_COMMITTED ? lastStableOffset : log.endOffset;
}

function findOffset({ log }: Partition, timestamp: number, end: number): { offset: number; timestamp: number } {
  const none = { offset: -1, timestamp: -1 };
  if (timestamp === LATEST) return { offset: end, timestamp: -1 };
  if (timestamp < MAX_TIMESTAMP) throw new Refusal('UNSUPPORTED_VERSION', `there is no offset of kind ${timestamp}`);
  if (timestamp === EARLIEST) return { offset: log.startOffset, timestamp: -1 };
  const found = timestamp === MAX_TIMESTAMP ? log.latestByTime() : log.offsetForTime(timestamp);
  return found === undefined || found.offset >= end ? none : { offset: found.offset, timestamp: found.timestamp };
}

export const handleDeleteRecords = handler(DELETE_RECORDS, async (request, context) => ({
  topics: await Promise.all(
    request.topics.map(async ({ name, partitions }) => ({
      name,
      partitions: await Promise.all(partitions.map(({ index, offset }) => deleteBefore(context, name, index, offset))),
    })),
  ),
}));

async function deleteBefore(context: Context, topic: string, index: number, offset: number) {
  try {
    const lowWatermark = ledPartition(context, topic, index, -1).deleteBefore(offset);
    await context.cluster.journal.flushed();
    return { index, lowWatermark, errorCode: ErrorCode.NONE };
  } catch (error) {
    return { index, lowWatermark: -1, errorCode: failureOf(error).errorCode };
  }
}

export const handleOffsetForLeaderEpoch = handler(OFFSET_FOR_LEADER_EPOCH, (request, context) => ({
  topics: request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ index, currentLeaderEpoch, leaderEpoch }) => {
      try {
        const { log } = ledPartition(context, name, index, currentLeaderEpoch);
        const isKnown = leaderEpoch === LEADER_EPOCH;
        return { index, errorCode: ErrorCode.NONE, ...(isKnown && { leaderEpoch, endOffset: log.endOffset }) };
      } catch (error) {
        return { index, errorCode: failureOf(error).errorCode };
      }
    }),
  })),
}));
