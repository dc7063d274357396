import type { Api } from '../../wire/api.ts';
import { apiVersions, describeCluster, metadata } from '../../wire/apis/admin.ts';
import { ErrorCode } from '../../wire/error-code.ts';
import { LEADER_EPOCH } from '../catalog/partition.ts';
import type { Topic } from '../catalog/topic.ts';
import { checkName } from '../catalog/topics.ts';
import type { Cluster } from '../cluster.ts';
import { failureOf, handler } from './handler.ts';

export const handleMetadata = handler(metadata, ({ topics, allowAutoTopicCreation }, { cluster, version }) => {
  const isAll = topics === null || (version === 0 && topics.length === 0);
  const mayCreate = allowAutoTopicCreation && cluster.settings.autoCreateTopics;
  return {
    brokers: cluster.nodes().map(({ id, host, port }) => ({ nodeId: id, host, port })),
    clusterId: cluster.id,
    controllerId: cluster.controllerId,
    topics: isAll ? cluster.topics.all().map(describe) : topics.map(({ name }) => find(cluster, name, mayCreate)),
  };
});

function find(cluster: Cluster, name: string, mayCreate: boolean) {
  try {
    checkName(name);
    const known = cluster.topics.get(name);
    if (known !== undefined || !mayCreate) return describe(known ?? cluster.topics.require(name));
    return describe(cluster.topics.create({ name, partitions: -1 }));
  } catch (error) {
    return { errorCode: failureOf(error).errorCode, name, partitions: [] };
  }
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
  return { errorCode: ErrorCode.NONE, name: topic.name, partitions };
}

export const handleDescribeCluster = handler(describeCluster, (_request, { cluster }) => ({
  errorCode: ErrorCode.NONE,
  clusterId: cluster.id,
  controllerId: cluster.controllerId,
  brokers: cluster.nodes().map(({ id, host, port }) => ({ nodeId: id, host, port })),
}));

/** @param apis everything that is served, asked for late because this handler is itself among it */
export function handleApiVersions(apis: () => readonly Api[]) {
  return handler(apiVersions, () => ({ errorCode: ErrorCode.NONE, apiKeys: versionsOf(apis()) }));
}

export function versionsOf(apis: readonly Api[]) {
  return apis.map(({ key, versions: [first, last] }) => ({ key, first, last }));
}
