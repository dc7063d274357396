import { api } from '../api.ts';
import { array, int8, int16, int32, int64, list, records, string, struct, uuid } from '../field.ts';

/** Tables after the message definitions of Apache Kafka (clients/src/main/resources/common/message). */

export const produce = api({
  key: 0,
  name: 'Produce',
  versions: [3, 9],
  flexibleFrom: 9,
  request: {
    transactionalId: string({ nullable: 3 }),
    acks: int16(),
    timeoutMs: int32(),
    topics: array({
      name: string(),
      partitions: array({ index: int32(), records: records({ nullable: 0 }) }),
    }),
  },
  response: {
    topics: array({
      name: string(),
      partitions: array({
        index: int32(),
        errorCode: int16(),
        baseOffset: int64(),
        logAppendTimeMs: int64({ default: -1 }),
        logStartOffset: int64({ since: 5, default: -1 }),
        recordErrors: array({ batchIndex: int32(), message: string({ nullable: 8 }) }, { since: 8 }),
        errorMessage: string({ since: 8, nullable: 8 }),
      }),
    }),
    throttleTimeMs: int32({ default: 0 }),
  },
});

export const fetch = api({
  key: 1,
  name: 'Fetch',
  versions: [4, 13],
  flexibleFrom: 12,
  request: {
    clusterId: string({ since: 12, nullable: 12, tag: 0 }),
    replicaId: int32(),
    maxWaitMs: int32(),
    minBytes: int32(),
    maxBytes: int32(),
    isolationLevel: int8(),
    sessionId: int32({ since: 7 }),
    sessionEpoch: int32({ since: 7, default: -1 }),
    topics: array({
      name: string({ until: 12 }),
      topicId: uuid({ since: 13 }),
      partitions: array({
        index: int32(),
        currentLeaderEpoch: int32({ since: 9, default: -1 }),
        fetchOffset: int64(),
        lastFetchedEpoch: int32({ since: 12, default: -1 }),
        logStartOffset: int64({ since: 5, default: -1 }),
        maxBytes: int32(),
      }),
    }),
    forgotten: array({ name: string({ until: 12 }), topicId: uuid({ since: 13 }), partitions: list(int32()) }, { since: 7 }),
    rackId: string({ since: 11 }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16({ since: 7 }),
    sessionId: int32({ since: 7 }),
    topics: array({
      name: string({ until: 12 }),
      topicId: uuid({ since: 13 }),
      partitions: array({
        index: int32(),
        errorCode: int16(),
        highWatermark: int64(),
        lastStableOffset: int64({ default: -1 }),
        logStartOffset: int64({ since: 5, default: -1 }),
        divergingEpoch: struct({ epoch: int32({ default: -1 }), endOffset: int64({ default: -1 }) }, { since: 12, tag: 0 }),
        currentLeader: struct({ leaderId: int32({ default: -1 }), leaderEpoch: int32({ default: -1 }) }, { since: 12, tag: 1 }),
        snapshotId: struct({ endOffset: int64({ default: -1 }), epoch: int32({ default: -1 }) }, { since: 12, tag: 2 }),
        abortedTransactions: array({ producerId: int64(), firstOffset: int64() }, { nullable: 4, default: null }),
        preferredReadReplica: int32({ since: 11, default: -1 }),
        records: records({ nullable: 0 }),
      }),
    }),
  },
});

export const listOffsets = api({
  key: 2,
  name: 'ListOffsets',
  versions: [1, 7],
  flexibleFrom: 6,
  request: {
    replicaId: int32(),
    isolationLevel: int8({ since: 2 }),
    topics: array({
      name: string(),
      partitions: array({ index: int32(), currentLeaderEpoch: int32({ since: 4, default: -1 }), timestamp: int64() }),
    }),
  },
  response: {
    throttleTimeMs: int32({ since: 2 }),
    topics: array({
      name: string(),
      partitions: array({
        index: int32(),
        errorCode: int16(),
        timestamp: int64({ default: -1 }),
        offset: int64({ default: -1 }),
        leaderEpoch: int32({ since: 4, default: -1 }),
      }),
    }),
  },
});

export const deleteRecords = api({
  key: 21,
  name: 'DeleteRecords',
  versions: [0, 2],
  flexibleFrom: 2,
  request: {
    topics: array({ name: string(), partitions: array({ index: int32(), offset: int64() }) }),
    timeoutMs: int32(),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    topics: array({
      name: string(),
      partitions: array({ index: int32(), lowWatermark: int64(), errorCode: int16() }),
    }),
  },
});

export const offsetForLeaderEpoch = api({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: [2, 4],
  flexibleFrom: 4,
  request: {
    replicaId: int32({ since: 3, default: -2 }),
    topics: array({
      name: string(),
      partitions: array({ index: int32(), currentLeaderEpoch: int32(), leaderEpoch: int32() }),
    }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    topics: array({
      name: string(),
      partitions: array({ errorCode: int16(), index: int32(), leaderEpoch: int32({ default: -1 }), endOffset: int64({ default: -1 }) }),
    }),
  },
});
