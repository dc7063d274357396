import type { Request } from '../../wire/api.ts';
import { apiVersions, describeCluster, metadata } from '../../wire/apis/admin.ts';
import { produce } from '../../wire/apis/data.ts';
import { ErrorCode, Refusal } from '../../wire/error-code.ts';
import { LEADER_EPOCH } from '../catalog/partition.ts';
import type { Topic } from '../catalog/topic.ts';
import { NO_TOPIC_ID } from '../catalog/topic-id.ts';
import { checkName } from '../catalog/topics.ts';
import type { Cluster } from '../cluster.ts';
import { failureOf, handler, type Served, serve } from './handler.ts';

/** Metadata carries ids from version 10 on, and takes them from version 12 on (KIP-516). */
const BY_ID_SINCE = 12;
const METADATA = serve(metadata, [0, 12], ['topics by id from version 12 on', 'no authorized operations']);
const DESCRIBE_CLUSTER = serve(describeCluster, [0, 0], ['no authorized operations']);
const API_VERSIONS = serve(apiVersions, [0, 3], ['no features']);

export const handleMetadata = handler(METADATA, ({ topics, allowAutoTopicCreation }, { cluster, version }) => {
  const isAll = topics === null || (version === 0 && topics.length === 0);
  const mayCreate = allowAutoTopicCreation && cluster.settings.autoCreateTopics;
  return {
    brokers: cluster.nodes().map(({ id, host, port }) => ({ nodeId: id, host, port })),
    clusterId: cluster.id,
    controllerId: cluster.controllerId,
    topics: isAll ? cluster.topics.all().map(describe) : topics.map((asked) => find(cluster, asked, version, mayCreate)),
  };
});

type Asked = NonNullable<Request<typeof metadata>['topics']>[number];

function find(cluster: Cluster, { name, topicId }: Asked, version: number, mayCreate: boolean) {
  try {
    if (name === null || topicId !== NO_TOPIC_ID) return describe(findById(cluster, topicId, version));
    checkName(name);
    const known = cluster.topics.get(name);
    if (known !== undefined || !mayCreate) return describe(known ?? cluster.topics.require(name));
    return describe(cluster.topics.create({ name, partitions: -1 }));
  } catch (error) {
    return { errorCode: failureOf(error).errorCode, name, topicId, partitions: [] };
  }
}

/** @throws Refusal INVALID_REQUEST, UNKNOWN_TOPIC_ID */
function findById(cluster: Cluster, topicId: string, version: number): Topic {
  if (version < BY_ID_SINCE) throw new Refusal('INVALID_REQUEST', `Metadata version ${version} asks for topics by name`);
  const topic = cluster.topics.withId(topicId);
  if (topic === undefined) throw new Refusal('UNKNOWN_TOPIC_ID', `there is no topic with id ${topicId}`);
  return topic;
}

function describe(topic: Topic) {
  const partitions = topic.partitions.map(({ index, leader }) => ({
    errorCode: ErrorCode.NONE,
    index,
    leaderId: leader,
    leaderEpoch: LEADER_EPOCH,
    replicas: [leader],
    isr: [leader],
  }));
  return { errorCode: ErrorCode.NONE, name: topic.name, topicId: topic.id, partitions };
}

export const handleDescribeCluster = handler(DESCRIBE_CLUSTER, (_request, { cluster }) => ({
  errorCode: ErrorCode.NONE,
  clusterId: cluster.id,
  controllerId: cluster.controllerId,
  brokers: cluster.nodes().map(({ id, host, port }) => ({ nodeId: id, host, port })),
}));

/** @param all everything that is served, asked for late because this handler is itself among it */
export function handleApiVersions(all: () => readonly Served[]) {
  return handler(API_VERSIONS, () => ({ errorCode: ErrorCode.NONE, apiKeys: versionsOf(all()) }));
}

/** librdkafka silently leaves batches uncompressed where Produce does not begin at 0: so Kafka 4 says that it does too (KIP-896). */
export function versionsOf(all: readonly Served[]) {
  return all.map(({ api: { key }, versions: [first, last] }) => ({ key, first: key === produce.key ? 0 : first, last }));
}
