import { type AnyTopic, RepartitionTopic } from '../../topics/index.ts';
import { type CoPartitioned, CoPartitioning } from './co-partitioning.ts';

/**
 * Partition count of a repartition topic. The topics that it is read together with decide, where some are: a task reads the same
 * partition of all of them. Else it has the most partitions of the topics that the repartition topics among them are filled from.
 */
export function repartitionCount(name: string, topics: ReadonlyMap<string, AnyTopic>, together: readonly CoPartitioned[]): number {
  const group = new CoPartitioning(together).groupOf(name).flatMap((each) => topics.get(each) ?? []);
  const others = group.filter((topic) => !(topic instanceof RepartitionTopic));
  const decisive = others.length > 0 ? others : group.map(originOf);
  return Math.max(...decisive.map(({ partitions }) => partitions));
}

/** The topic at the beginning of a chain of them. */
function originOf(topic: AnyTopic): AnyTopic {
  return topic instanceof RepartitionTopic ? originOf(topic.source) : topic;
}
