import type { TopicPartition } from '../client.ts';
import type { Broker, Cluster } from './cluster.ts';

export interface Range extends TopicPartition {
  readonly earliest: number;
  readonly latest: number;
}

/** Times with a meaning, in a request for offsets. https://kafka.apache.org/protocol#The_Messages_ListOffsets */
const EARLIEST = -2;
const LATEST = -1;
const READ_UNCOMMITTED = 0;

type ListOffsets = (request: {
  replicaId: number;
  isolationLevel: number;
  topics: Array<{ topic: string; partitions: Array<{ partition: number; timestamp: number }> }>;
}) => Promise<{ responses: Array<{ topic: string; partitions: Array<{ partition: number; offset: string }> }> }>;

/** First offset and high watermark of each partition, from their leaders. */
export async function readRanges(cluster: Cluster, partitions: readonly TopicPartition[]): Promise<Range[]> {
  const byLeader = new Map<string, TopicPartition[]>();
  for (const tp of partitions) {
    const [leader] = Object.keys(cluster.findLeaderForPartitions(tp.topic, [tp.partition]));
    if (leader !== undefined) byLeader.set(leader, [...(byLeader.get(leader) ?? []), tp]);
  }
  const ranges = await Promise.all(
    [...byLeader].map(async ([nodeId, own]) => {
      const broker = await cluster.findBroker({ nodeId });
      const [earliest, latest] = await Promise.all([listOffsets(broker, own, EARLIEST), listOffsets(broker, own, LATEST)]);
      return own.map((tp, index) => ({ ...tp, earliest: earliest[index] ?? 0, latest: latest[index] ?? 0 }));
    }),
  );
  return ranges.flat();
}

async function listOffsets(broker: Broker, partitions: readonly TopicPartition[], timestamp: number): Promise<number[]> {
  const list = (broker as Broker & { listOffsets: ListOffsets }).listOffsets.bind(broker);
  const topics = [...new Set(partitions.map(({ topic }) => topic))].map((topic) => ({
    topic,
    partitions: partitions.filter((tp) => tp.topic === topic).map(({ partition }) => ({ partition, timestamp })),
  }));
  const { responses } = await list({ replicaId: -1, isolationLevel: READ_UNCOMMITTED, topics });
  return partitions.map(({ topic, partition }) => {
    const found = responses.find((each) => each.topic === topic)?.partitions.find((each) => each.partition === partition);
    return Number(found?.offset ?? 0);
  });
}
