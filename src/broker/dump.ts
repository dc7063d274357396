import type { Partition } from './catalog/partition.ts';
import type { Topic } from './catalog/topic.ts';
import type { Cluster, Node } from './cluster.ts';
import type { Group } from './groups/group.ts';
import type { Transaction } from './transactions/transaction.ts';

export interface PartitionDump {
  readonly leader: number;
  readonly startOffset: number;
  /** The high watermark: offset after the last record that can be read. */
  readonly endOffset: number;
  /** As far as no transaction is open. */
  readonly lastStableOffset: number;
  readonly sizeBytes: number;
}

export interface TopicDump {
  /** Settings that were given for this topic. */
  readonly configs: Readonly<Record<string, string>>;
  readonly partitions: readonly PartitionDump[];
}

export interface GroupDump {
  readonly state: string;
  readonly generation: number;
  readonly protocolType: string;
  readonly protocol: string;
  readonly leader: string;
  readonly members: readonly { readonly id: string; readonly instanceId: string | null; readonly clientId: string }[];
  /** By topic, then by partition. */
  readonly offsets: Readonly<Record<string, Readonly<Record<number, { readonly offset: number; readonly metadata: string }>>>>;
}

export interface TransactionDump {
  readonly state: string;
  readonly producerId: number;
  readonly epoch: number;
  readonly timeoutMs: number;
  readonly partitions: readonly (readonly [topic: string, partition: number])[];
  /** Consumer groups with offsets in it. */
  readonly groups: readonly string[];
}

/** What a broker holds, as JSON values. */
export interface BrokerDump {
  /** Milliseconds since 1970, by the broker's clock. */
  readonly now: number;
  readonly clusterId: string;
  readonly nodes: readonly Node[];
  readonly topics: Readonly<Record<string, TopicDump>>;
  readonly groups: Readonly<Record<string, GroupDump>>;
  /** By transactional id. */
  readonly transactions: Readonly<Record<string, TransactionDump>>;
}

export function dumpCluster(cluster: Cluster): BrokerDump {
  return {
    now: cluster.clock.now(),
    clusterId: cluster.id,
    nodes: cluster.nodes(),
    topics: Object.fromEntries(cluster.topics.all().map((topic) => [topic.name, dumpTopic(topic)])),
    groups: Object.fromEntries(cluster.groups.all().map((group) => [group.id, dumpGroup(group)])),
    transactions: Object.fromEntries(cluster.transactions.all().map((one) => [one.id, dumpTransaction(one)])),
  };
}

function dumpTopic(topic: Topic): TopicDump {
  return { configs: Object.fromEntries(topic.ownSettings()), partitions: topic.partitions.map(dumpPartition) };
}

function dumpPartition({ leader, log, lastStableOffset }: Partition): PartitionDump {
  return { leader, startOffset: log.startOffset, endOffset: log.endOffset, lastStableOffset, sizeBytes: log.sizeBytes };
}

function dumpGroup(group: Group): GroupDump {
  const offsets = group.offsets
    .all()
    .map(({ name, partitions }) => [
      name,
      Object.fromEntries(partitions.map(({ index, offset, metadata }) => [index, { offset, metadata }])),
    ]);
  const members = group.describeMembers().map(({ info: { id, instanceId, clientId } }) => ({ id, instanceId, clientId }));
  return { ...group.standing(), members, offsets: Object.fromEntries(offsets) };
}

function dumpTransaction({ state, producerId, epoch, timeoutMs, partitions, groups }: Transaction): TransactionDump {
  return { state, producerId, epoch, timeoutMs, partitions, groups };
}
