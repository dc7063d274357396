import { backoff, sleep } from '../../timing/index.ts';
import type { TopicPartition } from '../client.ts';
import type { Broker, Cluster } from './cluster.ts';
import { codeOf } from './errors.ts';

const ATTEMPTS = 5;
/** The leader has moved or is not elected yet, or a new topic is not known to every broker: look it up again. */
const ELSEWHERE = new Set([
  'NOT_LEADER_OR_FOLLOWER',
  'LEADER_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'OFFSET_NOT_AVAILABLE',
]);

/** Partitions of a topic that the cluster has looked up. */
export function partitionsOf(cluster: Cluster, topic: string): TopicPartition[] {
  return cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => ({ topic, partition: partitionId }));
}

/**
 * Looks the topics up and asks; after a leader has moved, again.
 *
 * @param isFresh look the topics up though they are known: partitions may have been added
 */
export async function askLeaders<T>(cluster: Cluster, topics: readonly string[], ask: () => Promise<T>, isFresh = false): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      await cluster.addMultipleTargetTopics([...topics]);
      if (isFresh) await cluster.refreshMetadata();
      else await cluster.refreshMetadataIfNecessary();
      return await ask();
    } catch (error) {
      const code = codeOf(error);
      if ((code !== undefined && !ELSEWHERE.has(code)) || attempt + 1 >= ATTEMPTS) throw error;
      await sleep(backoff(attempt, 50, 500));
      await cluster.refreshMetadata().catch(() => {});
    }
  }
}

/** Calls `ask` with each leader and those of the partitions that it leads; partitions without a known leader are left out. */
export async function eachLeader<T extends TopicPartition, R>(
  cluster: Cluster,
  partitions: readonly T[],
  ask: (leader: Broker, own: readonly T[]) => Promise<readonly R[]>,
): Promise<R[]> {
  const byLeader = new Map<string, T[]>();
  for (const tp of partitions) {
    const [leader] = Object.keys(cluster.findLeaderForPartitions(tp.topic, [tp.partition]));
    if (leader !== undefined) byLeader.set(leader, [...(byLeader.get(leader) ?? []), tp]);
  }
  const answers = await Promise.all([...byLeader].map(async ([nodeId, own]) => ask(await cluster.findBroker({ nodeId }), own)));
  return answers.flat();
}
