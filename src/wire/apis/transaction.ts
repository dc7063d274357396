import { api } from '../api.ts';
import { array, bool, int16, int32, int64, list, string } from '../field.ts';

/**
 * Producer ids and transactions, the classic protocol. Tables after the message definitions of Apache Kafka
 * (clients/src/main/resources/common/message).
 */

const owner = { transactionalId: string(), producerId: int64(), producerEpoch: int16() };

export const initProducerId = api({
  key: 22,
  name: 'InitProducerId',
  versions: [0, 4],
  flexibleFrom: 2,
  request: {
    transactionalId: string({ nullable: 0 }),
    transactionTimeoutMs: int32(),
    producerId: int64({ since: 3, default: -1 }),
    producerEpoch: int16({ since: 3, default: -1 }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    producerId: int64({ default: -1 }),
    producerEpoch: int16({ default: -1 }),
  },
});

export const addPartitionsToTxn = api({
  key: 24,
  name: 'AddPartitionsToTxn',
  versions: [0, 3],
  flexibleFrom: 3,
  request: { ...owner, topics: array({ name: string(), partitions: list(int32()) }) },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    topics: array({ name: string(), partitions: array({ index: int32(), errorCode: int16() }) }),
  },
});

export const addOffsetsToTxn = api({
  key: 25,
  name: 'AddOffsetsToTxn',
  versions: [0, 3],
  flexibleFrom: 3,
  request: { ...owner, groupId: string() },
  response: { throttleTimeMs: int32({ default: 0 }), errorCode: int16() },
});

export const endTxn = api({
  key: 26,
  name: 'EndTxn',
  versions: [0, 3],
  flexibleFrom: 3,
  request: { ...owner, isCommitted: bool() },
  response: { throttleTimeMs: int32({ default: 0 }), errorCode: int16() },
});

export const txnOffsetCommit = api({
  key: 28,
  name: 'TxnOffsetCommit',
  versions: [0, 3],
  flexibleFrom: 3,
  request: {
    transactionalId: string(),
    groupId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    generationId: int32({ since: 3, default: -1 }),
    memberId: string({ since: 3 }),
    groupInstanceId: string({ since: 3, nullable: 3, default: null }),
    topics: array({
      name: string(),
      partitions: array({
        index: int32(),
        offset: int64(),
        leaderEpoch: int32({ since: 2, default: -1 }),
        metadata: string({ nullable: 0 }),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    topics: array({ name: string(), partitions: array({ index: int32(), errorCode: int16() }) }),
  },
});

export const describeProducers = api({
  key: 61,
  name: 'DescribeProducers',
  versions: [0, 0],
  flexibleFrom: 0,
  request: { topics: array({ name: string(), partitions: list(int32()) }) },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    topics: array({
      name: string(),
      partitions: array({
        index: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: 0, default: null }),
        producers: array({
          producerId: int64(),
          producerEpoch: int32(),
          lastSequence: int32({ default: -1 }),
          lastTimestamp: int64({ default: -1 }),
          coordinatorEpoch: int32(),
          transactionStartOffset: int64({ default: -1 }),
        }),
      }),
    }),
  },
});

export const describeTransactions = api({
  key: 65,
  name: 'DescribeTransactions',
  versions: [0, 0],
  flexibleFrom: 0,
  request: { transactionalIds: list(string()) },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    transactions: array({
      errorCode: int16(),
      transactionalId: string(),
      state: string(),
      timeoutMs: int32(),
      startTimeMs: int64(),
      producerId: int64(),
      producerEpoch: int16(),
      topics: array({ name: string(), partitions: list(int32()) }),
    }),
  },
});

export const listTransactions = api({
  key: 66,
  name: 'ListTransactions',
  versions: [0, 1],
  flexibleFrom: 0,
  request: { states: list(string()), producerIds: list(int64()), durationMs: int64({ since: 1, default: -1 }) },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    unknownStates: list(string()),
    transactions: array({ transactionalId: string(), producerId: int64(), state: string() }),
  },
});
