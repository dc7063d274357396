import { Refusal } from '../../wire/error-code.ts';
import { LEADER_EPOCH, type Partition } from '../catalog/partition.ts';
import type { Context } from './handler.ts';

/**
 * The partition, if the node that was asked leads it.
 *
 * @param epoch what the client takes for the leader epoch; -1 when it does not say
 * @throws Refusal UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER, FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH
 */
export function ledPartition({ cluster, node }: Context, topic: string, index: number, epoch: number): Partition {
  const partition = cluster.topics.partition(topic, index);
  if (partition.leader !== node.id) throw new Refusal('NOT_LEADER_OR_FOLLOWER', `node ${partition.leader} leads the partition`);
  if (epoch > LEADER_EPOCH) throw new Refusal('UNKNOWN_LEADER_EPOCH', `leader epoch ${epoch} is ahead of ${LEADER_EPOCH}`);
  if (epoch !== -1 && epoch < LEADER_EPOCH) throw new Refusal('FENCED_LEADER_EPOCH', `leader epoch ${epoch} is behind ${LEADER_EPOCH}`);
  return partition;
}
