import { metadata } from '../../wire/apis/admin.ts';
import type { Decoded } from '../../wire/field.ts';
import type { Cluster } from './cluster.ts';
import { request } from './request.ts';

type AnsweredTopic = Decoded<typeof metadata.response>['topics'][number];
export type TopicMetadata = AnsweredTopic & { readonly name: string };

/**
 * Metadata of the named topics, or of all for none, with the errors of each left in: kafkajs's own reading fails as a
 * whole if one topic of the cluster has a partition without leader.
 */
export async function readMetadata(cluster: Cluster, topics: readonly string[]): Promise<TopicMetadata[]> {
  const broker = await cluster.brokerPool.findConnectedBroker();
  const wanted = topics.length === 0 ? null : topics.map((name) => ({ name }));
  const answer = await request(broker, metadata, { topics: wanted, allowAutoTopicCreation: false });
  // A topic that was asked for by its name is answered with it.
  return answer.topics.flatMap(({ name, ...topic }) => (name === null ? [] : [{ ...topic, name }]));
}
