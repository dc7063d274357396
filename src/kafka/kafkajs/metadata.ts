import { metadata } from '../../wire/apis/admin.ts';
import type { Decoded } from '../../wire/field.ts';
import type { Cluster } from './cluster.ts';
import { request } from './request.ts';

export type ClusterMetadata = Decoded<typeof metadata.response>;
export type TopicMetadata = ClusterMetadata['topics'][number];

/**
 * Metadata of the named topics, or of all for none, with the errors of each left in: kafkajs's own reading fails as a
 * whole if one topic of the cluster has a partition without leader.
 */
export async function readMetadata(cluster: Cluster, topics: readonly string[]): Promise<ClusterMetadata> {
  const broker = await cluster.brokerPool.findConnectedBroker();
  const wanted = topics.length === 0 ? null : topics.map((name) => ({ name }));
  return request(broker, metadata, { topics: wanted, allowAutoTopicCreation: false });
}
