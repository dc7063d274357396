import { api } from '../api.ts';
import { array, bool, int8, int16, int32, int64, list, string, uuid } from '../field.ts';

/** Tables after the message definitions of Apache Kafka (clients/src/main/resources/common/message). */

export const metadata = api({
  key: 3,
  name: 'Metadata',
  versions: [0, 12],
  flexibleFrom: 9,
  request: {
    topics: array({ topicId: uuid({ since: 10 }), name: string({ nullable: 10 }) }, { nullable: 1 }),
    allowAutoTopicCreation: bool({ since: 4, default: true }),
    includeClusterAuthorizedOperations: bool({ since: 8, until: 10 }),
    includeTopicAuthorizedOperations: bool({ since: 8 }),
  },
  response: {
    throttleTimeMs: int32({ since: 3 }),
    brokers: array({ nodeId: int32(), host: string(), port: int32(), rack: string({ since: 1, nullable: 1 }) }),
    clusterId: string({ since: 2, nullable: 2 }),
    controllerId: int32({ since: 1, default: -1 }),
    topics: array({
      errorCode: int16(),
      name: string({ nullable: 12 }),
      topicId: uuid({ since: 10 }),
      isInternal: bool({ since: 1 }),
      partitions: array({
        errorCode: int16(),
        index: int32(),
        leaderId: int32(),
        leaderEpoch: int32({ since: 7, default: -1 }),
        replicas: list(int32()),
        isr: list(int32()),
        offlineReplicas: list(int32(), { since: 5 }),
      }),
      authorizedOperations: int32({ since: 8, default: -2147483648 }),
    }),
    authorizedOperations: int32({ since: 8, until: 10, default: -2147483648 }),
  },
});

export const apiVersions = api({
  key: 18,
  name: 'ApiVersions',
  versions: [0, 3],
  flexibleFrom: 3,
  request: { clientSoftwareName: string({ since: 3 }), clientSoftwareVersion: string({ since: 3 }) },
  response: {
    errorCode: int16(),
    apiKeys: array({ key: int16(), first: int16(), last: int16() }),
    throttleTimeMs: int32({ since: 1 }),
    supportedFeatures: array({ name: string(), minVersion: int16(), maxVersion: int16() }, { since: 3, tag: 0 }),
    finalizedFeaturesEpoch: int64({ since: 3, tag: 1, default: -1 }),
    finalizedFeatures: array({ name: string(), maxVersionLevel: int16(), minVersionLevel: int16() }, { since: 3, tag: 2 }),
    zkMigrationReady: bool({ since: 3, tag: 3 }),
  },
});

export const createTopics = api({
  key: 19,
  name: 'CreateTopics',
  versions: [2, 5],
  flexibleFrom: 5,
  request: {
    topics: array({
      name: string(),
      numPartitions: int32(),
      replicationFactor: int16(),
      assignments: array({ index: int32(), brokerIds: list(int32()) }),
      configs: array({ name: string(), value: string({ nullable: 0 }) }),
    }),
    timeoutMs: int32(),
    validateOnly: bool(),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    topics: array({
      name: string(),
      errorCode: int16(),
      errorMessage: string({ nullable: 0 }),
      topicConfigErrorCode: int16({ since: 5, tag: 0 }),
      numPartitions: int32({ since: 5, default: -1 }),
      replicationFactor: int16({ since: 5, default: -1 }),
      configs: array(
        { name: string(), value: string({ nullable: 5 }), readOnly: bool(), source: int8(), isSensitive: bool() },
        { since: 5, nullable: 5, default: null },
      ),
    }),
  },
});

export const deleteTopics = api({
  key: 20,
  name: 'DeleteTopics',
  versions: [1, 5],
  flexibleFrom: 4,
  request: { names: list(string()), timeoutMs: int32() },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    topics: array({ name: string(), errorCode: int16(), errorMessage: string({ since: 5, nullable: 5 }) }),
  },
});

export const createPartitions = api({
  key: 37,
  name: 'CreatePartitions',
  versions: [0, 3],
  flexibleFrom: 2,
  request: {
    topics: array({
      name: string(),
      count: int32(),
      assignments: array({ brokerIds: list(int32()) }, { nullable: 0 }),
    }),
    timeoutMs: int32(),
    validateOnly: bool(),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    topics: array({ name: string(), errorCode: int16(), errorMessage: string({ nullable: 0 }) }),
  },
});

export const describeCluster = api({
  key: 60,
  name: 'DescribeCluster',
  versions: [0, 0],
  flexibleFrom: 0,
  request: { includeAuthorizedOperations: bool() },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: 0, default: null }),
    clusterId: string(),
    controllerId: int32(),
    brokers: array({ nodeId: int32(), host: string(), port: int32(), rack: string({ nullable: 0, default: null }) }),
    authorizedOperations: int32({ default: -2147483648 }),
  },
});
