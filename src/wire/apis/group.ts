import { api } from '../api.ts';
import { array, bool, bytes, int8, int16, int32, int64, list, string } from '../field.ts';

/** Tables after the message definitions of Apache Kafka (clients/src/main/resources/common/message). */

export const offsetCommit = api({
  key: 8,
  name: 'OffsetCommit',
  versions: [2, 8],
  flexibleFrom: 8,
  request: {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: string({ since: 7, nullable: 7, default: null }),
    retentionTimeMs: int64({ until: 4, default: -1 }),
    topics: array({
      name: string(),
      partitions: array({
        index: int32(),
        offset: int64(),
        leaderEpoch: int32({ since: 6, default: -1 }),
        metadata: string({ nullable: 0 }),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32({ since: 3 }),
    topics: array({ name: string(), partitions: array({ index: int32(), errorCode: int16() }) }),
  },
});

const committedOffset = {
  index: int32(),
  offset: int64(),
  leaderEpoch: int32({ since: 5, default: -1 }),
  metadata: string({ nullable: 0 }),
  errorCode: int16(),
};

export const offsetFetch = api({
  key: 9,
  name: 'OffsetFetch',
  versions: [1, 8],
  flexibleFrom: 6,
  request: {
    groupId: string({ until: 7 }),
    topics: array({ name: string(), partitions: list(int32()) }, { until: 7, nullable: 2 }),
    groups: array({ groupId: string(), topics: array({ name: string(), partitions: list(int32()) }, { nullable: 8 }) }, { since: 8 }),
    requireStable: bool({ since: 7 }),
  },
  response: {
    throttleTimeMs: int32({ since: 3 }),
    topics: array({ name: string(), partitions: array(committedOffset) }, { until: 7 }),
    errorCode: int16({ since: 2, until: 7 }),
    groups: array(
      { groupId: string(), topics: array({ name: string(), partitions: array(committedOffset) }), errorCode: int16() },
      { since: 8 },
    ),
  },
});

export const findCoordinator = api({
  key: 10,
  name: 'FindCoordinator',
  versions: [0, 4],
  flexibleFrom: 3,
  request: {
    key: string({ until: 3 }),
    keyType: int8({ since: 1 }),
    keys: list(string(), { since: 4 }),
  },
  response: {
    throttleTimeMs: int32({ since: 1 }),
    errorCode: int16({ until: 3 }),
    errorMessage: string({ since: 1, until: 3, nullable: 1 }),
    nodeId: int32({ until: 3 }),
    host: string({ until: 3 }),
    port: int32({ until: 3 }),
    coordinators: array(
      { key: string(), nodeId: int32(), host: string(), port: int32(), errorCode: int16(), errorMessage: string({ nullable: 4 }) },
      { since: 4 },
    ),
  },
});

export const joinGroup = api({
  key: 11,
  name: 'JoinGroup',
  versions: [2, 6],
  flexibleFrom: 6,
  request: {
    groupId: string(),
    sessionTimeoutMs: int32(),
    rebalanceTimeoutMs: int32(),
    memberId: string(),
    groupInstanceId: string({ since: 5, nullable: 5 }),
    protocolType: string(),
    protocols: array({ name: string(), metadata: bytes() }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    generationId: int32({ default: -1 }),
    protocolName: string(),
    leader: string(),
    memberId: string(),
    members: array({ memberId: string(), groupInstanceId: string({ since: 5, nullable: 5 }), metadata: bytes() }),
  },
});

export const heartbeat = api({
  key: 12,
  name: 'Heartbeat',
  versions: [0, 4],
  flexibleFrom: 4,
  request: {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: string({ since: 3, nullable: 3 }),
  },
  response: { throttleTimeMs: int32({ since: 1 }), errorCode: int16() },
});

export const leaveGroup = api({
  key: 13,
  name: 'LeaveGroup',
  versions: [0, 4],
  flexibleFrom: 4,
  request: {
    groupId: string(),
    memberId: string({ until: 2 }),
    members: array({ memberId: string(), groupInstanceId: string({ nullable: 3 }) }, { since: 3 }),
  },
  response: {
    throttleTimeMs: int32({ since: 1 }),
    errorCode: int16(),
    members: array({ memberId: string(), groupInstanceId: string({ nullable: 3 }), errorCode: int16() }, { since: 3 }),
  },
});

export const syncGroup = api({
  key: 14,
  name: 'SyncGroup',
  versions: [0, 5],
  flexibleFrom: 4,
  request: {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: string({ since: 3, nullable: 3 }),
    protocolType: string({ since: 5, nullable: 5 }),
    protocolName: string({ since: 5, nullable: 5 }),
    assignments: array({ memberId: string(), assignment: bytes() }),
  },
  response: {
    throttleTimeMs: int32({ since: 1 }),
    errorCode: int16(),
    protocolType: string({ since: 5, nullable: 5 }),
    protocolName: string({ since: 5, nullable: 5 }),
    assignment: bytes(),
  },
});

export const describeGroups = api({
  key: 15,
  name: 'DescribeGroups',
  versions: [0, 5],
  flexibleFrom: 5,
  request: { groups: list(string()), includeAuthorizedOperations: bool({ since: 3 }) },
  response: {
    throttleTimeMs: int32({ since: 1 }),
    groups: array({
      errorCode: int16(),
      groupId: string(),
      state: string(),
      protocolType: string(),
      protocol: string(),
      members: array({
        memberId: string(),
        groupInstanceId: string({ since: 4, nullable: 4 }),
        clientId: string(),
        clientHost: string(),
        metadata: bytes(),
        assignment: bytes(),
      }),
      authorizedOperations: int32({ since: 3, default: -2147483648 }),
    }),
  },
});

export const listGroups = api({
  key: 16,
  name: 'ListGroups',
  versions: [0, 4],
  flexibleFrom: 3,
  request: { states: list(string(), { since: 4 }) },
  response: {
    throttleTimeMs: int32({ since: 1 }),
    errorCode: int16(),
    groups: array({ groupId: string(), protocolType: string(), state: string({ since: 4 }) }),
  },
});

export const deleteGroups = api({
  key: 42,
  name: 'DeleteGroups',
  versions: [0, 2],
  flexibleFrom: 2,
  request: { groups: list(string()) },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    results: array({ groupId: string(), errorCode: int16() }),
  },
});
