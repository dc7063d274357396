import { backoff, sleep } from '../../timing/index.ts';
import { ErrorCode, errorName } from '../../wire/error-code.ts';
import type { TopicPartition } from '../client.ts';
import type { Broker, Cluster } from './cluster.ts';
import { codeError, codeOf } from './errors.ts';
import { readMetadata } from './metadata.ts';

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

/** True if the error says that the leader is to be looked up again. */
export const isElsewhere = (code: string | undefined): boolean => code !== undefined && ELSEWHERE.has(code);

/** Node id of the broker that leads a partition; undefined while that is not known. */
export type LeaderOf = (partition: TopicPartition) => number | string | undefined;

/** As kafkajs's consumer has looked them up. */
export function leadersKnownTo(cluster: Cluster): LeaderOf {
  return ({ topic, partition }) => Object.keys(cluster.findLeaderForPartitions(topic, [partition]))[0];
}

/**
 * Looks up who leads the topic's partitions and asks; after a leader has moved, again. kafkajs's own table of leaders is not
 * used: a topic that was deleted, or has a partition without leader, fails the look-up of all others in it.
 */
export async function askLeaders<T>(
  cluster: Cluster,
  topic: string,
  ask: (partitions: readonly TopicPartition[], leaderOf: LeaderOf) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      const leaders = await leadersOf(cluster, topic);
      const partitions = [...leaders.keys()].map((partition) => ({ topic, partition }));
      return await ask(partitions, ({ partition }) => leaders.get(partition));
    } catch (error) {
      const code = codeOf(error);
      if ((code !== undefined && !isElsewhere(code)) || attempt + 1 >= ATTEMPTS) throw error;
      await sleep(backoff(attempt, 50, 500));
      // Brokers may have moved to other addresses.
      await cluster.brokerPool.refreshMetadata([topic]).catch(() => {});
    }
  }
}

/** By partition. @throws KafkaError (rejects) */
async function leadersOf(cluster: Cluster, topic: string): Promise<Map<number, number>> {
  const found = (await readMetadata(cluster, [topic])).find(({ name }) => name === topic);
  const errorCode = found?.errorCode ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  if (errorCode !== ErrorCode.NONE) throw codeError(errorName(errorCode), 'looking for the leaders of partitions', { topic });
  const leaderless = found?.partitions.find(({ leaderId }) => leaderId < 0);
  if (leaderless !== undefined) throw codeError('LEADER_NOT_AVAILABLE', 'looking for leaders', { topic, partition: leaderless.index });
  return new Map(found?.partitions.map(({ index, leaderId }) => [index, leaderId]));
}

/** Calls `ask` with each leader and those of the partitions that it leads; partitions without a known leader are left out. */
export async function eachLeader<T extends TopicPartition, R>(
  cluster: Cluster,
  partitions: readonly T[],
  leaderOf: LeaderOf,
  ask: (leader: Broker, own: readonly T[]) => Promise<readonly R[]>,
): Promise<R[]> {
  const byLeader = new Map<number | string, T[]>();
  for (const partition of partitions) {
    const leader = leaderOf(partition);
    if (leader !== undefined) byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition]);
  }
  const answers = await Promise.all([...byLeader].map(async ([nodeId, own]) => ask(await brokerOf(cluster, nodeId, own), own)));
  return answers.flat();
}

/** The connection to a broker. One that joined the cluster lately is not known to kafkajs, and looked up. */
export async function brokerOf(cluster: Cluster, nodeId: number | string, partitions: readonly TopicPartition[]): Promise<Broker> {
  return cluster.findBroker({ nodeId }).catch(async (error: unknown) => {
    if (!(error instanceof Error) || error.name !== 'KafkaJSBrokerNotFound') throw error;
    await cluster.brokerPool.refreshMetadata([...new Set(partitions.map(({ topic }) => topic))]);
    return cluster.findBroker({ nodeId });
  });
}
