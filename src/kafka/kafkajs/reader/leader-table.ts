import { ErrorCode, errorName } from '../../../wire/error-code.ts';
import type { TopicPartition } from '../../client.ts';
import { partitionKey } from '../../partitions.ts';
import type { Cluster } from '../cluster.ts';
import { readMetadata } from '../metadata.ts';

/** Which broker leads a partition, as far as it has been looked up and not been found wrong. */
export class LeaderTable {
  readonly #cluster: Cluster;
  readonly #leaders = new Map<string, number>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  of(partition: TopicPartition): number | undefined {
    return this.#leaders.get(partitionKey(partition));
  }

  forget(partition: TopicPartition): void {
    this.#leaders.delete(partitionKey(partition));
  }

  /** Looks partitions up. Resolves to the error names of those that have no leader now. */
  async find(partitions: readonly TopicPartition[]): Promise<Map<TopicPartition, string>> {
    const found = await readMetadata(this.#cluster, [...new Set(partitions.map(({ topic }) => topic))]);
    const topics = new Map(found.map((topic) => [topic.name, topic]));
    const missing = new Map<TopicPartition, string>();
    for (const tp of partitions) {
      const topic = topics.get(tp.topic);
      const errorCode = topic?.errorCode ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      const leader = topic?.partitions.find(({ index }) => index === tp.partition)?.leaderId;
      if (leader !== undefined && leader >= 0) this.#leaders.set(partitionKey(tp), leader);
      else if (errorCode !== ErrorCode.NONE) missing.set(tp, errorName(errorCode));
      else missing.set(tp, leader === undefined ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'LEADER_NOT_AVAILABLE');
    }
    return missing;
  }
}
